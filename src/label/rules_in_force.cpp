// SPDX-License-Identifier: Apache-2.0
#include "label/rules_in_force.h"

#include <algorithm>

#include "label/text.h"

namespace pcapml {
namespace {

/// The bytes that make two programs the same; none of no program.
std::string_view text_of(const FilterProgram* program) {
  return program == nullptr ? std::string_view{} : as_text(std::as_bytes(program->instructions()));
}

}  // namespace

void RulesInForce::add(std::uint32_t number, std::uint32_t rule, const FilterProgram* program) {
  if (number >= sets_.size()) sets_.resize(number + 1);
  Set& set = sets_[number];
  if (set.groups.empty()) set.first = rule;
  const std::size_t group = set.numbers.try_emplace(text_of(program), set.groups.size()).first->second;
  if (group == set.groups.size()) set.groups.push_back({program, {}});
  set.groups[group].rules.push_back(rule);
}

void RulesInForce::build(const std::vector<Rule>& rules) {
  const auto matchers = static_cast<std::size_t>(
      std::count_if(sets_.begin(), sets_.end(), [](const Set& set) { return !set.groups.empty(); }));
  for (Set& set : sets_)
    if (!set.groups.empty()) set.matcher = std::make_unique<RuleMatcher>(rules, set.groups, matchers);
}

std::uint32_t RulesInForce::first_match(std::span<const std::uint32_t> sets, const FilterInput& packet,
                                        std::optional<std::int64_t> timestamp_ns, std::uint32_t limit) {
  for (const std::uint32_t number : sets) {
    if (number >= sets_.size()) break;
    const Set& set = sets_[number];
    if (set.matcher != nullptr && set.first < limit)
      limit = set.matcher->first_match(packet, timestamp_ns, limit);
  }
  return limit;
}

/// Groups of the first set that have a filter of this one, or none.
std::vector<RuleGroup> RulesInForce::groups_beside(const Set& set) const {
  std::vector<RuleGroup> groups;
  const Set& first = sets_.front();
  const auto take = [&](std::string_view text) {
    const auto found = first.numbers.find(text);
    if (found != first.numbers.end()) groups.push_back(first.groups[found->second]);
  };
  if (!set.numbers.contains({})) take({});
  for (const auto& [text, number] : set.numbers) take(text);
  return groups;
}

Coverage RulesInForce::covered(const std::vector<Rule>& rules) const {
  Coverage all;
  std::size_t work = 0;
  for (const Set& set : sets_) {
    std::vector<RuleGroup> groups = set.groups;
    std::vector<std::uint32_t> others;
    if (&set != &sets_.front() && !set.groups.empty()) {
      for (RuleGroup& group : groups_beside(set)) {
        others.insert(others.end(), group.rules.begin(), group.rules.end());
        const auto same = set.numbers.find(text_of(group.program));
        if (same == set.numbers.end()) {
          groups.push_back(std::move(group));
          continue;
        }
        std::vector<std::uint32_t>& joined = groups[same->second].rules;
        joined.insert(joined.end(), group.rules.begin(), group.rules.end());
        std::sort(joined.begin(), joined.end());
      }
      std::sort(others.begin(), others.end());
    }
    const Coverage found = find_covered(rules, groups, work);
    all.is_complete = all.is_complete && found.is_complete;
    for (const CoveredRule& covered : found.covered)
      if (!std::binary_search(others.begin(), others.end(), covered.rule)) all.covered.push_back(covered);
  }
  return all;
}

}  // namespace pcapml
