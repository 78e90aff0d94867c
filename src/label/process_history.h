// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <unordered_map>

namespace pcapml {

/// Numbers that stand for the programs of a section, by process id and time: an id is used again, and exec()
/// changes the program. Not thread-safe.
class ProcessHistory {
 public:
  /// A program that always was there.
  static constexpr std::int64_t kAlways = std::numeric_limits<std::int64_t>::min();

  /// From then on the process is this program. Throws DataError where there are more than memory is for.
  void add(std::uint32_t pid, std::int64_t start_ns, std::uint32_t number);

  /// The program that began last, but not after this time; of no time, one that always was there.
  std::optional<std::uint32_t> find(std::uint32_t pid, std::optional<std::int64_t> timestamp_ns) const;

  void clear();

 private:
  using Programs = std::map<std::int64_t, std::uint32_t>;  // by start
  std::unordered_map<std::uint32_t, Programs> by_pid_;
  std::size_t count_ = 0;
};

}  // namespace pcapml
