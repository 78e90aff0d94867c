// SPDX-License-Identifier: Apache-2.0
#include "label/carried.h"

#include <fmt/format.h>

#include <set>
#include <string_view>

#include "format/block.h"
#include "format/process_block.h"
#include "pcapml/error.h"

namespace pcapml {
namespace {

constexpr std::size_t kMostIdsAlone = 65'536;

}  // namespace

std::uint32_t Carried::add(const Rule& rule) {
  const CarriedConditions& asked = rule.carried;
  if (asked.asks_label() && first_label_line_ == 0) first_label_line_ = rule.line;
  if (!asked.process.empty() && first_process_line_ == 0) first_process_line_ = rule.line;
  return sets_.add(asked);
}

void Carried::begin_section(const Section& section, const std::string& path) {
  if (!asks_processes()) return;
  history_.clear();
  section_ = fmt::format("{}: byte {}", path, section.offset);
  std::set<std::string_view> hosts;
  for (const Option& option : section.options_view())
    if (option.code == kComment && option.text().starts_with(kHostComment)) hosts.insert(option.text());
  is_of_several_hosts_ = hosts.size() > 1;
}

void Carried::block(const BlockView& block) {
  if (!asks_processes() || block.type != kCustom) return;
  const auto info = parse_process_block(block.body, block.order);
  if (!info) return;
  if (is_of_several_hosts_)
    throw DataError(
        fmt::format("{}: the section joins captures of several hosts, whose process ids cannot be "
                    "told apart; use rules with PROC: on each capture, and merge then",
                    section_));
  history_.add(info->pid, info->start_time_ns == 0 ? ProcessHistory::kAlways : info->start_time_ns,
               sets_.process(*info));
}

ConditionSets::Sets Carried::holding(const RuleInput& packet, std::optional<std::int64_t> timestamp_ns) {
  labels_ += packet.label != nullptr ? 1 : 0;
  return sets_.holding(packet.label, process_of(packet, timestamp_ns));
}

std::uint32_t Carried::process_of(const RuleInput& packet, std::optional<std::int64_t> timestamp_ns) {
  if (!asks_processes() || !packet.pid) return ConditionSets::kUnknownProcess;
  ++processes_;
  if (const auto known = history_.find(*packet.pid, timestamp_ns)) return *known;
  ++undescribed_;
  if (ids_alone_.size() >= kMostIdsAlone) ids_alone_.clear();
  const auto [number, is_new] = ids_alone_.try_emplace(*packet.pid);
  if (is_new) {
    ProcessInfo info;
    info.pid = *packet.pid;
    number->second = sets_.process(info);
  }
  return number->second;
}

void Carried::add_warnings(const std::string& path, std::vector<std::string>& lines) const {
  if (first_label_line_ != 0 && labels_ == 0)
    lines.push_back(
        fmt::format("{}:{}: asks for labels, and no packet of the input has one", path, first_label_line_));
  if (first_process_line_ == 0) return;
  if (processes_ == 0)
    lines.push_back(fmt::format("{}:{}: PROC: asks for processes, and no packet of the input names one", path,
                                first_process_line_));
  if (undescribed_ > 0)
    lines.push_back(
        fmt::format("{}:{}: PROC: knows only the process id of {} packet{}, whose process no block "
                    "before them describes",
                    path, first_process_line_, undescribed_, undescribed_ == 1 ? "" : "s"));
}

}  // namespace pcapml
