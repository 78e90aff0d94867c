// SPDX-License-Identifier: Apache-2.0
#include "label/rule_matcher.h"

#include <algorithm>

namespace pcapml {
namespace {

/// So many are tried more quickly than looked up.
constexpr std::size_t kFewGroups = 2;

constexpr int kUnasked = 1024;  // packets

}  // namespace

RuleMatcher::RuleMatcher(const std::vector<Rule>& rules, const std::vector<RuleGroup>& groups,
                         std::size_t share)
    : groups_(in_order(rules, groups)), tree_(programs(groups_)), cache_(share) {
  for (std::uint32_t i = 0; i < groups_.size(); ++i)
    (groups_[i].program == nullptr ? unconditional_ : group_of_).push_back(i);
}

std::vector<RuleMatcher::Group> RuleMatcher::in_order(const std::vector<Rule>& rules,
                                                      const std::vector<RuleGroup>& groups) {
  std::vector<Group> ordered(groups.size());
  for (std::size_t i = 0; i < groups.size(); ++i) {
    ordered[i].program = groups[i].program;
    for (const std::uint32_t rule : groups[i].rules) {
      if (rules[rule].has_window)
        ordered[i].rules.add(rule, rules[rule].start_ns, rules[rule].end_ns);
      else
        ordered[i].rules.add(rule);
    }
    ordered[i].rules.build();
  }
  std::sort(ordered.begin(), ordered.end(),
            [](const Group& a, const Group& b) { return a.rules.first() < b.rules.first(); });
  return ordered;
}

/// Of few groups: none.
std::vector<const FilterProgram*> RuleMatcher::programs(const std::vector<Group>& groups) {
  std::vector<const FilterProgram*> programs;
  if (groups.size() <= kFewGroups) return programs;
  for (const Group& group : groups)
    if (group.program != nullptr) programs.push_back(group.program);
  return programs;
}

std::uint32_t RuleMatcher::first_match(const FilterInput& packet, std::optional<std::int64_t> timestamp_ns,
                                       std::uint32_t limit) {
  if (groups_.size() <= kFewGroups) {
    for (const Group& group : groups_) {
      const std::uint32_t rule = group.rules.first_at(timestamp_ns);
      if (rule < limit &&
          (group.program == nullptr || group.program->matches(packet.data, packet.original_length)))
        limit = rule;
    }
    return limit;
  }
  for (const VerdictEntry& entry : verdict(packet)) {
    const Group& group = groups_[entry.group];
    if (group.rules.first() >= limit) break;
    const std::uint32_t rule = group.rules.first_at(timestamp_ns);
    if (rule >= limit) continue;
    if (entry.is_sure || group.program->matches(packet.data, packet.original_length)) limit = rule;
  }
  return limit;
}

/// False as well where this is not soon told.
bool RuleMatcher::is_usual(Usual& usual, const FilterLeaf& leaf, const FilterInput& packet) const {
  if (!leaf.is_quick()) return false;
  if (usual.balance < 0) {
    ++usual.balance;
    return false;
  }
  if (!leaf.is_settled(packet) || leaf.index().may_find(tree_.expressions(), packet)) {
    usual.balance = usual.balance > 0 ? usual.balance - 1 : -kUnasked;
    return false;
  }
  usual.balance = std::min(usual.balance + 1, kMostBalance);
  return true;
}

VerdictCache::Verdict RuleMatcher::verdict(const FilterInput& packet) {
  const auto [number, leaf] = tree_.find(packet);
  if (number >= usual_.size()) usual_.resize(number + 1);
  Usual& usual = usual_[number];
  if (is_usual(usual, leaf, packet)) return usual.verdict ? *usual.verdict : search(usual, leaf, packet);
  if (!leaf.has_key()) return search(usual, leaf, packet);
  FilterLeaf::Key buffer;
  buffer[0] = number;
  const std::span<const std::uint32_t> key(buffer.data(), leaf.key(tree_.expressions(), packet, buffer));
  if (const VerdictCache::Verdict* known = cache_.find(key)) return *known;
  return cache_.add(key, search(usual, leaf, packet));
}

/// Tries the candidates in the order of their rules, up to a rule that nothing behind can overtake.
const std::vector<VerdictEntry>& RuleMatcher::search(Usual& usual, const FilterLeaf& leaf,
                                                     const FilterInput& packet) {
  candidates_.clear();
  leaf.index().find(tree_.expressions(), packet, candidates_);
  const bool is_usual = candidates_.empty() && leaf.is_settled(packet);
  if (is_usual && usual.verdict) return *usual.verdict;
  std::sort(candidates_.begin(), candidates_.end());
  candidates_.erase(std::unique(candidates_.begin(), candidates_.end()), candidates_.end());
  found_.clear();
  auto indexed = candidates_.begin();
  auto always = leaf.index().always().begin();
  auto free = unconditional_.begin();
  const auto group_at = [this](auto candidate, auto end) {
    return candidate == end ? kNoRule : group_of_[candidate->program];
  };
  for (std::uint32_t stop = kNoRule;;) {
    const std::uint32_t by_index = group_at(indexed, candidates_.end());
    const std::uint32_t by_trial = group_at(always, leaf.index().always().end());
    const std::uint32_t unasked = free == unconditional_.end() ? kNoRule : *free;
    const std::uint32_t group = std::min({by_index, by_trial, unasked});
    if (group == kNoRule || groups_[group].rules.first() >= stop) break;
    bool is_sure = true;
    if (group == unasked)
      ++free;
    else
      is_sure = (group == by_index ? indexed++ : always++)->is_sure;
    const FilterProgram* program = groups_[group].program;
    if (is_sure && program != nullptr && !program->matches(packet.data, packet.original_length)) continue;
    found_.push_back({group, is_sure});
    if (is_sure) stop = std::min(stop, groups_[group].rules.always());
  }
  if (is_usual) usual.verdict = found_;
  return found_;
}

}  // namespace pcapml
