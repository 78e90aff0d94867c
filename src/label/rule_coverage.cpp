// SPDX-License-Identifier: Apache-2.0
#include "label/rule_coverage.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "filter/filter_index.h"
#include "filter/filter_walk.h"
#include "label/rule_timeline.h"

namespace pcapml {
namespace {

/// Ways of one filter; of one with more only equal filters and rules without a filter are looked at.
constexpr std::size_t kMostPaths = 64;
/// Rules that are put on timelines, over all.
constexpr std::size_t kMostWork = 20'000'000;

/// What is known of the packets that take one way through a program.
class PathFacts {
 public:
  explicit PathFacts(const FilterPath& path) {
    std::map<ExpressionId, std::uint32_t> values;
    for (const auto& [question, holds] : path.answers)
      if (holds && question.test.operation == BPF_JEQ)
        values.emplace(question.expression, question.test.constant);
    for (const auto& [question, holds] : path.answers) {
      const auto value = values.find(question.expression);
      if (value != values.end())
        is_possible_ = is_possible_ && question.test.holds(value->second) == holds;
      else
        add(question, holds);
    }
    for (const auto& [expression, value] : values) facts_.add_value(expression, value);
    for (const auto& [expression, known] : tests_) facts_.add_tests(expression, known.tests, known.holding);
  }

  const FilterFacts& facts() const { return facts_; }
  /// False where no packet has all this.
  bool is_possible() const { return is_possible_; }

 private:
  struct Tests {
    std::vector<FilterTest> tests;
    std::uint32_t holding = 0;
  };

  void add(const FilterQuestion& question, bool holds) {
    Tests& known = tests_[question.expression];
    if (question.expression == Expressions::kUnknown || known.tests.size() == 32) return;
    known.holding |= std::uint32_t{holds} << known.tests.size();
    known.tests.push_back(question.test);
  }

  std::map<ExpressionId, Tests> tests_;
  FilterFacts facts_;
  bool is_possible_ = true;
};

/// Of packets that hold the bytes read so far.
bool always_accepts(const FilterSurvey& survey, const FilterExtents& read) {
  return survey.accepts && !survey.rejects && !survey.is_opaque && !survey.has_unknown &&
         std::all_of(survey.extents.begin(), survey.extents.end(), [&](const auto& wanted) {
           const auto known = read.find(wanted.first);
           return known != read.end() && known->second >= wanted.second;
         });
}

class Search {
 public:
  Search(const std::vector<Rule>& rules, const std::vector<RuleGroup>& groups, std::size_t& work)
      : rules_(rules), groups_(groups), work_(work) {
    const FilterFacts nothing;
    FilterWalk walk(expressions_, nothing);
    for (std::uint32_t i = 0; i < groups.size(); ++i) {
      paths_.emplace_back();
      if (groups[i].program == nullptr) {
        always_ = i;
        continue;
      }
      const auto instructions = groups[i].program->instructions();
      paths_.back() = walk.paths(instructions, kMostPaths, FilterWalk::Keep::answers);
      if (!paths_.back()) continue;
      for (const FilterPath& path : *paths_.back()) index_.add({i, true}, path, instructions);
    }
    index_.build(expressions_);
  }

  Coverage run() {
    for (std::uint32_t i = 0; i < groups_.size() && coverage_.is_complete; ++i) look_at(i);
    std::sort(coverage_.covered.begin(), coverage_.covered.end(),
              [](const CoveredRule& a, const CoveredRule& b) { return a.rule < b.rule; });
    return std::move(coverage_);
  }

 private:
  void look_at(std::uint32_t group) {
    std::map<std::uint32_t, std::uint32_t> covered;  // rule → by
    bool is_first = true;
    const auto keep = [&](const std::map<std::uint32_t, std::uint32_t>& more) {
      if (is_first) covered = more;
      std::erase_if(covered, [&](const auto& entry) { return !more.contains(entry.first); });
      is_first = false;
    };
    if (!paths_[group]) {
      keep(covered_by({}, group));
    } else {
      for (const FilterPath& path : *paths_[group]) {
        const PathFacts known(path);
        if (!known.is_possible()) continue;
        keep(covered_by(implied(group, path, known.facts()), group));
        if (covered.empty()) return;
      }
    }
    for (const auto& [rule, by] : covered) coverage_.covered.push_back({rule, by});
  }

  /// Groups whose filter matches each packet that takes this way.
  std::set<std::uint32_t> implied(std::uint32_t group, const FilterPath& path, const FilterFacts& facts) {
    std::vector<FilterCandidate> candidates;
    index_.find(expressions_, facts, candidates);
    std::set<std::uint32_t> found;
    FilterWalk walk(expressions_, facts);
    for (const FilterCandidate& candidate : candidates) {
      const std::uint32_t other = candidate.program;
      if (other == group || groups_[other].rules.front() > groups_[group].rules.back() ||
          found.contains(other))
        continue;
      const FilterSurvey survey = walk.survey(groups_[other].program->instructions());
      if (always_accepts(survey, path.extents)) found.insert(other);
    }
    return found;
  }

  /// The group's rules that rules of these groups, of its own, or without a filter, leave no time.
  std::map<std::uint32_t, std::uint32_t> covered_by(std::set<std::uint32_t> groups, std::uint32_t group) {
    groups.insert(group);
    if (always_) groups.insert(*always_);
    std::map<std::uint32_t, std::uint32_t> covered;
    std::vector<std::uint32_t> all;
    for (const std::uint32_t i : groups)
      all.insert(all.end(), groups_[i].rules.begin(), groups_[i].rules.end());
    if (all.size() == 1) return covered;
    std::sort(all.begin(), all.end());
    work_ += all.size();
    coverage_.is_complete = work_ <= kMostWork;
    RuleTimeline timeline;
    for (const std::uint32_t rule : all) {
      if (rules_[rule].has_window)
        timeline.add(rule, rules_[rule].start_ns, rules_[rule].end_ns);
      else
        timeline.add(rule);
    }
    timeline.build();
    const std::set<std::uint32_t> winners = timeline.winners();
    for (const std::uint32_t rule : groups_[group].rules)
      if (!winners.contains(rule)) covered.emplace(rule, timeline.first_at(start_of(rule)));
    return covered;
  }

  std::optional<std::int64_t> start_of(std::uint32_t rule) const {
    return rules_[rule].has_window ? std::optional(rules_[rule].start_ns) : std::nullopt;
  }

  const std::vector<Rule>& rules_;
  const std::vector<RuleGroup>& groups_;
  std::size_t& work_;
  Expressions expressions_;
  std::vector<std::optional<std::vector<FilterPath>>> paths_;  // of each group
  FilterIndex index_;
  std::optional<std::uint32_t> always_;  // the group without a filter
  Coverage coverage_;
};

}  // namespace

Coverage find_covered(const std::vector<Rule>& rules, const std::vector<RuleGroup>& groups,
                      std::size_t& work) {
  return Search(rules, groups, work).run();
}

}  // namespace pcapml
