// SPDX-License-Identifier: Apache-2.0
#include "filter/filter_tree.h"

#include <algorithm>
#include <numeric>
#include <unordered_map>

namespace pcapml {
namespace {

constexpr unsigned kDeepest = 12;
constexpr std::size_t kMostNodes = 4096;
constexpr std::size_t kMostShortcuts = 4;
constexpr std::size_t kVeryFewTests = 4;
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

inline std::uint64_t FilterTree::answer(std::uint32_t node, FilterField::Value value) const {
  const Step& step = steps_[node];
  if (value.is_short) return kShort;
  if (step.kind == Step::Answer::value) return value.value;
  if (step.kind == Step::Answer::tests) return holding(node, value.value);
  // One after the other: this is foreseen well, and what follows need not wait for the packet.
  std::uint32_t at = step.constants;
  while (at < step.end_of_constants && constants_[at] != value.value) ++at;
  return at - step.constants;
}

FilterTree::Found FilterTree::find(const FilterInput& packet) {
  std::uint32_t at = 0;
  for (const Shortcut& shortcut : shortcuts_) {
    if (!shortcut.bits.are_in(packet.data)) continue;
    at = shortcut.node;
    break;
  }
  const bool is_long = at == 0;
  if (steps_.empty()) grow(0, 0);
  while (steps_[at].leaf == 0) {
    const Step& step = steps_[at];
    const std::uint64_t answer = this->answer(at, step.field.of(expressions_, packet));
    const std::uint32_t known = answer < kFewAnswers ? children_[step.children + answer] : 0;
    at = known != 0 ? known : child(at, answer);
    if (at == 0) return any();
  }
  if (is_long) add_shortcut(origins_[at].shortcut);
  const std::uint32_t number = steps_[at].leaf - 1;
  return {number, *leaves_[number]};
}

void FilterTree::add_shortcut(std::uint32_t node) {
  if (node == 0) return;
  if (shortcuts_.size() < kMostShortcuts) shortcuts_.emplace_back();
  shortcuts_[next_shortcut_] = {origins_[node].bits, node};
  next_shortcut_ = (next_shortcut_ + 1) % kMostShortcuts;
}

/// False where an answer is not that certain bits have certain values.
bool FilterTree::add_answer(FilterBits& bits, std::uint32_t node, std::uint64_t answer) const {
  const Step& step = steps_[node];
  if (answer == kShort) return false;
  if (step.kind == Step::Answer::value) return step.field.add_to(bits, static_cast<std::uint32_t>(answer));
  const std::vector<FilterTest>& tests = origins_[node].tests;
  if (step.kind != Step::Answer::tests)
    return answer < tests.size() && step.field.add_to(bits, tests[answer].constant);
  std::uint32_t unset = 0;
  for (const FilterTest& test : tests) {
    if (test.operation != BPF_JSET) return false;
    unset |= test.constant;
  }
  return answer == 0 && step.field.add_to(bits, 0, unset);
}

std::uint64_t FilterTree::holding(std::uint32_t node, std::uint32_t value) const {
  const std::vector<FilterTest>& tests = origins_[node].tests;
  std::uint64_t holding = 0;
  for (std::size_t i = 0; i < tests.size(); ++i) holding |= std::uint64_t{tests[i].holds(value)} << i;
  return holding;
}

/// 0 where there is no room for one more.
std::uint32_t FilterTree::child(std::uint32_t at, std::uint64_t answer) {
  for (const auto& [known, child] : origins_[at].others)
    if (known == answer) return child;
  if (steps_.size() >= kMostNodes || entries_ >= kMostEntries) return 0;
  const std::uint32_t number = grow(at, answer);
  if (answer < kFewAnswers)
    children_[steps_[at].children + answer] = number;
  else
    origins_[at].others.emplace_back(answer, number);
  return number;
}

std::uint32_t FilterTree::grow(std::uint32_t parent, std::uint64_t answer) {
  const auto number = static_cast<std::uint32_t>(steps_.size());
  std::vector<std::uint32_t> shapes(shapes_.size());
  std::iota(shapes.begin(), shapes.end(), 0U);
  if (number > 0) shapes = origins_[parent].alive;
  const unsigned depth = number == 0 ? 0 : origins_[parent].depth + 1;
  steps_.emplace_back();
  Origin& origin = origins_.emplace_back();
  origin.parent = parent;
  origin.answer = answer;
  origin.depth = depth;
  if (number > 0) {
    const Origin& from = origins_[parent];
    origin.shortcut = from.shortcut;
    origin.bits = from.bits;
    if (from.shortcut == parent && add_answer(origin.bits, parent, answer)) origin.shortcut = number;
  }
  survey(number, shapes);
  return number;
}

/// The tests that hold, one bit each, by the answer.
std::uint32_t FilterTree::held(std::uint32_t node, std::uint64_t answer) const {
  if (steps_[node].kind == Step::Answer::tests) return static_cast<std::uint32_t>(answer);
  return answer >= origins_[node].tests.size() ? 0 : std::uint32_t{1} << answer;
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
      facts.add_tests(expression, origins_[number].tests, held(number, answer));
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
  // Addresses of a few hosts come behind what is the same for most packets, for the sake of shortcuts;
  // nothing comes before the first question, which is what the others mean.
  const auto with_tests_up_to = [&](std::size_t most) {
    return std::find_if(order.begin(), order.end(), [&](ExpressionId expression) {
      const Asked& about = asked[expression];
      return about.is_address ||
             (!about.has_many && about.tests.size() <= most && !known.contains(expression));
    });
  };
  auto next = with_tests_up_to(origins_[node].depth == 0 ? kFewTests : kVeryFewTests);
  if (next == order.end()) next = with_tests_up_to(kFewTests);
  Step& step = steps_[node];
  if (next == order.end() || origins_[node].depth >= kDeepest) {
    step.leaf = add_leaf(known, alive) + 1;
    return;
  }
  origins_[node].expression = *next;
  step.field = FilterField(expressions_, *next);
  step.children = static_cast<std::uint32_t>(children_.size());
  children_.resize(children_.size() + kFewAnswers);
  if (asked[*next].is_address) return;
  const std::vector<FilterTest>& tests = origins_[node].tests = std::move(asked[*next].tests);
  const bool only_equal = std::all_of(tests.begin(), tests.end(),
                                      [](const FilterTest& test) { return test.operation == BPF_JEQ; });
  step.kind = only_equal ? Step::Answer::equal : Step::Answer::tests;
  step.constants = static_cast<std::uint32_t>(constants_.size());
  for (const FilterTest& test : tests) constants_.push_back(test.constant);
  step.end_of_constants = static_cast<std::uint32_t>(constants_.size());
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
