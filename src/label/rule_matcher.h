// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "filter/filter_tree.h"
#include "label/rule_group.h"
#include "label/rule_timeline.h"
#include "label/verdict_cache.h"
#include "pcapml/rules.h"

namespace pcapml {

/// Finds the first of many rules that matches a packet, at about the price of one. Not thread-safe.
class RuleMatcher {
 public:
  /// The programs, one for each group that has one, stay with the caller. `share`: so many matchers share
  /// the memory that one would have for what it remembers.
  RuleMatcher(const std::vector<Rule>& rules, const std::vector<RuleGroup>& groups, std::size_t share);

  /// Number of the first rule that matches and is less than `limit`; else `limit`.
  std::uint32_t first_match(const FilterInput& packet, std::optional<std::int64_t> timestamp_ns,
                            std::uint32_t limit);

 private:
  struct Group {
    const FilterProgram* program = nullptr;
    RuleTimeline rules;
  };
  static constexpr int kMostBalance = 64;
  /// The packets of a leaf for which its index finds nothing: most of them, mostly.
  struct Usual {
    std::optional<std::vector<VerdictEntry>> verdict;
    /// How much more often packets were such than not, lately; negative: so many are not asked.
    int balance = kMostBalance;
  };
  bool is_usual(Usual& usual, const FilterLeaf& leaf, const FilterInput& packet) const;
  VerdictCache::Verdict verdict(const FilterInput& packet);
  const std::vector<VerdictEntry>& search(Usual& usual, const FilterLeaf& leaf, const FilterInput& packet);
  static std::vector<Group> in_order(const std::vector<Rule>& rules, const std::vector<RuleGroup>& groups);
  static std::vector<const FilterProgram*> programs(const std::vector<Group>& groups);

  std::vector<Group> groups_;                 // by their first rules
  std::vector<std::uint32_t> unconditional_;  // groups without a filter
  std::vector<std::uint32_t> group_of_;       // each program
  FilterTree tree_;
  VerdictCache cache_;
  std::vector<Usual> usual_;  // by leaf
  std::vector<FilterCandidate> candidates_;
  std::vector<VerdictEntry> found_;
};

}  // namespace pcapml
