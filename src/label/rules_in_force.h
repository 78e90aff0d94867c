// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "label/rule_coverage.h"
#include "label/rule_matcher.h"
#include "pcapml/rules.h"

namespace pcapml {

/// The rules in force for one link type, by what they ask of what packets carry (ConditionSets), and then by
/// filter. Not thread-safe.
class RulesInForce {
 public:
  /// The next rule, in ascending order. The program stays with the caller; nullptr: the rule has no filter.
  void add(std::uint32_t set, std::uint32_t rule, const FilterProgram* program);

  /// No more will be added.
  void build(const std::vector<Rule>& rules);

  /// Number of the first rule of these sets that matches and is less than `limit`; else `limit`.
  std::uint32_t first_match(std::span<const std::uint32_t> sets, const FilterInput& packet,
                            std::optional<std::int64_t> timestamp_ns, std::uint32_t limit);

  /// Calls a function with each rule, in no order.
  template <class Function>
  void for_each_rule(Function&& function) const {
    for (const Set& set : sets_)
      for (const RuleGroup& group : set.groups)
        for (const std::uint32_t rule : group.rules) function(rule);
  }

  /// Rules that earlier ones of their set, or without conditions of such a kind, cover.
  Coverage covered(const std::vector<Rule>& rules) const;

 private:
  struct Set {
    std::vector<RuleGroup> groups;
    std::unordered_map<std::string_view, std::size_t> numbers;  // of groups, by the bytes of their program
    std::unique_ptr<RuleMatcher> matcher;
    std::uint32_t first = 0;  // rule
  };
  std::vector<RuleGroup> groups_beside(const Set& set) const;

  std::vector<Set> sets_;  // by number; without groups where no rule in force has the set
};

}  // namespace pcapml
