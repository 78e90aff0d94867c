// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "label/condition_sets.h"
#include "label/process_history.h"
#include "pcapml/packet.h"
#include "pcapml/rule_engine.h"

namespace pcapml {

/// What packets carry, and what rules ask of it: their labels, and the processes of their section. Not
/// thread-safe.
class Carried {
 public:
  /// The number in holding() of what the rule asks. All rules come before any packet.
  std::uint32_t add(const Rule& rule);

  bool asks_processes() const { return sets_.asks_processes(); }
  /// As RuleEngine's.
  void begin_section(const Section& section, const std::string& path);
  void block(const BlockView& block);

  ConditionSets::Sets holding(const RuleInput& packet, std::optional<std::int64_t> timestamp_ns);

  void add_warnings(const std::string& path, std::vector<std::string>& lines) const;

 private:
  std::uint32_t process_of(const RuleInput& packet, std::optional<std::int64_t> timestamp_ns);

  ConditionSets sets_;
  std::size_t first_label_line_ = 0, first_process_line_ = 0;  // of rules that ask; 0: none
  ProcessHistory history_;
  std::unordered_map<std::uint32_t, std::uint32_t> ids_alone_;  // processes of which only the id is known
  std::string section_;                                         // file and offset
  bool is_of_several_hosts_ = false;
  std::uint64_t labels_ = 0, processes_ = 0;  // packets with one
  std::uint64_t undescribed_ = 0;             // packets that name a process without a block
};

}  // namespace pcapml
