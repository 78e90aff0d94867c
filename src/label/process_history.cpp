// SPDX-License-Identifier: Apache-2.0
#include "label/process_history.h"

#include <fmt/format.h>

#include <iterator>

#include "pcapml/error.h"

namespace pcapml {
namespace {

constexpr std::size_t kMost = std::size_t{1} << 22;  // as many process ids as Linux has; 600 MB

}  // namespace

void ProcessHistory::add(std::uint32_t pid, std::int64_t start_ns, std::uint32_t number) {
  const bool is_new = by_pid_[pid].insert_or_assign(start_ns, number).second;
  if (is_new && ++count_ > kMost)
    throw DataError(fmt::format(
        "a section describes more than {} processes; rules with PROC: need one that was cut by time", kMost));
}

std::optional<std::uint32_t> ProcessHistory::find(std::uint32_t pid,
                                                  std::optional<std::int64_t> timestamp_ns) const {
  const auto found = by_pid_.find(pid);
  if (found == by_pid_.end()) return std::nullopt;
  const Programs& programs = found->second;
  const auto after = programs.upper_bound(timestamp_ns.value_or(kAlways));
  return after == programs.begin() ? std::nullopt : std::optional(std::prev(after)->second);
}

void ProcessHistory::clear() {
  by_pid_.clear();
  count_ = 0;
}

}  // namespace pcapml
