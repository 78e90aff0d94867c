// SPDX-License-Identifier: Apache-2.0
#include "filter/filter_tree.h"

#include <algorithm>
#include <numeric>
#include <unordered_map>

namespace pcapml {
namespace {

constexpr unsigned kDeepest = 12;
constexpr std::size_t kMostNodes = 4096;
/// Of all indexes together, 24 bytes each.
constexpr std::size_t kMostEntries = std::size_t{8} << 20;

/// The tests that all programs make on one expression.
struct Asked {
  std::vector<FilterTest> tests;
  bool is_address = false;
  bool has_many = false;

  void add(const FilterQuestion& question, bool is_parameter) {
    if (question.kind == FilterQuestion::Kind::address) {
      is_address = true;
      return;
    }
    has_many = has_many || is_parameter;
    if (has_many || std::find(tests.begin(), tests.end(), question.test) != tests.end()) return;
    tests.push_back(question.test);
    has_many = tests.size() > kFewTests;
  }
};

}  // namespace

FilterTree::FilterTree(std::vector<const FilterProgram*> programs)
    : programs_(std::move(programs)), shapes_(find_shapes(expressions_, programs_)) {}

inline std::uint64_t FilterTree::Step::answer(FilterField::Value value) const {
  if (value.is_short) return kShort;
  std::uint64_t answer = 0;
  switch (kind) {
    case Answer::value: return value.value;
    case Answer::equal:
      for (const FilterTest& test : tests) {
        if (test.constant == value.value) break;
        ++answer;
      }
      return answer;
    case Answer::tests:
      for (std::size_t i = 0; i < tests.size(); ++i)
        answer |= std::uint64_t{tests[i].holds(value.value)} << i;
      return answer;
  }
  return answer;
}

FilterTree::Found FilterTree::find(const FilterInput& packet) {
  if (steps_.empty()) grow(0, 0);
  std::uint32_t at = 0;
  while (steps_[at].leaf == 0) {
    const Step& step = steps_[at];
    const std::uint64_t answer = step.answer(step.field.of(expressions_, packet));
    const std::uint32_t known = answer < step.children.size() ? step.children[answer] : 0;
    at = known != 0 ? known : child(at, answer);
    if (at == 0) return any();
  }
  const std::uint32_t number = steps_[at].leaf - 1;
  return {number, *leaves_[number]};
}

/// 0 where there is no room for one more.
std::uint32_t FilterTree::child(std::uint32_t at, std::uint64_t answer) {
  for (const auto& [known, child] : steps_[at].others)
    if (known == answer) return child;
  if (steps_.size() >= kMostNodes || entries_ >= kMostEntries) return 0;
  const std::uint32_t number = grow(at, answer);
  Step& step = steps_[at];
  if (answer < kFewAnswers) {
    step.children.resize(std::max<std::size_t>(step.children.size(), answer + 1));
    step.children[answer] = number;
  } else {
    step.others.emplace_back(answer, number);
  }
  return number;
}

std::uint32_t FilterTree::grow(std::uint32_t parent, std::uint64_t answer) {
  const auto number = static_cast<std::uint32_t>(steps_.size());
  std::vector<std::uint32_t> shapes(shapes_.size());
  std::iota(shapes.begin(), shapes.end(), 0U);
  if (number > 0) shapes = origins_[parent].alive;
  const unsigned depth = number == 0 ? 0 : origins_[parent].depth + 1;
  steps_.emplace_back();
  origins_.push_back({Expressions::kUnknown, {}, parent, answer, depth});
  survey(number, shapes);
  return number;
}

/// The tests that hold, one bit each.
std::uint32_t FilterTree::holding(const Step& step, std::uint64_t answer) {
  if (step.kind == Step::Answer::tests) return static_cast<std::uint32_t>(answer);
  return answer == step.tests.size() ? 0 : std::uint32_t{1} << answer;
}

FilterFacts FilterTree::facts(std::uint32_t number) const {
  FilterFacts facts;  // what was asked last, an address, tells most
  while (number != 0) {
    const std::uint64_t answer = origins_[number].answer;
    number = origins_[number].parent;
    const ExpressionId expression = origins_[number].expression;
    if (answer == kShort)
      facts.add_short(expression);
    else if (steps_[number].kind == Step::Answer::value)
      facts.add_value(expression, static_cast<std::uint32_t>(answer));
    else
      facts.add_tests(expression, steps_[number].tests, holding(steps_[number], answer));
  }
  return facts;
}

/// Finds what may still match, and chooses what is asked next; where nothing is, the node becomes a leaf.
void FilterTree::survey(std::uint32_t node, const std::vector<std::uint32_t>& shapes) {
  const FilterFacts known = facts(node);
  FilterWalk walk(expressions_, known);
  std::vector<ExpressionId> order;
  std::unordered_map<ExpressionId, Asked> asked;
  std::vector<std::uint32_t>& alive = origins_[node].alive;
  for (const std::uint32_t number : shapes) {
    const FilterShape& shape = shapes_[number];
    const FilterSurvey survey = walk.survey(programs_[shape.programs.front()]->instructions());
    if (!survey.accepts) continue;
    alive.push_back(number);
    if (survey.is_opaque) continue;
    for (const FilterQuestion& question : survey.questions) {
      if (question.expression == Expressions::kUnknown) continue;
      const auto [about, is_new] = asked.try_emplace(question.expression);
      if (is_new) order.push_back(question.expression);
      about->second.add(question, shape.is_parameter[question.at]);
    }
  }
  const auto next = std::find_if(order.begin(), order.end(), [&](ExpressionId expression) {
    const Asked& about = asked[expression];
    return about.is_address || (!about.has_many && !known.contains(expression));
  });
  Step& step = steps_[node];
  if (next == order.end() || origins_[node].depth >= kDeepest) {
    step.leaf = add_leaf(known, alive) + 1;
    return;
  }
  origins_[node].expression = *next;
  step.field = FilterField(expressions_, *next);
  if (asked[*next].is_address) return;
  step.tests = std::move(asked[*next].tests);
  const bool only_equal = std::all_of(step.tests.begin(), step.tests.end(),
                                      [](const FilterTest& test) { return test.operation == BPF_JEQ; });
  step.kind = only_equal ? Step::Answer::equal : Step::Answer::tests;
}

std::uint32_t FilterTree::add_leaf(const FilterFacts& facts, const std::vector<std::uint32_t>& alive) {
  leaves_.push_back(std::make_unique<FilterLeaf>(expressions_, facts, shapes_, alive, programs_));
  entries_ += leaves_.back()->index().size();
  return static_cast<std::uint32_t>(leaves_.size() - 1);
}

FilterTree::Found FilterTree::any() {
  if (any_leaf_ == 0) {
    std::vector<std::uint32_t> shapes(shapes_.size());
    std::iota(shapes.begin(), shapes.end(), 0U);
    any_leaf_ = add_leaf({}, shapes) + 1;
  }
  return {any_leaf_ - 1, *leaves_[any_leaf_ - 1]};
}

}  // namespace pcapml
