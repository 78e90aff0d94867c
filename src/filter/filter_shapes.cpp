// SPDX-License-Identifier: Apache-2.0
#include "filter/filter_shapes.h"

#include <algorithm>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

#include "filter/filter_walk.h"

namespace pcapml {
namespace {

using Tests = std::set<std::pair<std::uint16_t, std::uint32_t>>;

/// Instructions of a program that compare nothing but expressions with many constants.
std::vector<bool> parameters(const FilterSurvey& survey, std::size_t size,
                             const std::unordered_map<ExpressionId, Tests>& tests) {
  std::vector<bool> is_parameter(size), is_fixed(size);
  for (const FilterQuestion& question : survey.questions) {
    if (question.kind != FilterQuestion::Kind::branch) continue;
    const auto found = tests.find(question.expression);
    const bool many = found != tests.end() && found->second.size() > kFewTests;
    (many ? is_parameter : is_fixed)[question.at] = true;
  }
  for (std::size_t i = 0; i < size; ++i) is_parameter[i] = is_parameter[i] && !is_fixed[i];
  return is_parameter;
}

std::string signature(std::span<const bpf_insn> program, const std::vector<bool>& is_parameter) {
  std::string text;
  text.reserve(program.size() * 9);
  for (std::size_t i = 0; i < program.size(); ++i) {
    const bpf_insn& insn = program[i];
    const std::uint32_t k = is_parameter[i] ? 0 : insn.k;
    for (const std::uint32_t part : {std::uint32_t{insn.code}, std::uint32_t{insn.jt}, std::uint32_t{insn.jf},
                                     k, std::uint32_t{is_parameter[i]}})
      text.append(reinterpret_cast<const char*>(&part), sizeof part);
  }
  return text;
}

}  // namespace

std::vector<FilterShape> find_shapes(Expressions& expressions,
                                     const std::vector<const FilterProgram*>& programs) {
  const FilterFacts nothing;
  FilterWalk walk(expressions, nothing);
  std::vector<FilterSurvey> surveys;
  std::unordered_map<ExpressionId, Tests> tests;
  for (const FilterProgram* program : programs) {
    surveys.push_back(walk.survey(program->instructions()));
    for (const FilterQuestion& question : surveys.back().questions) {
      if (question.kind != FilterQuestion::Kind::branch || question.expression == Expressions::kUnknown)
        continue;
      Tests& known = tests[question.expression];
      if (known.size() <= kFewTests) known.emplace(question.test.operation, question.test.constant);
    }
  }
  std::vector<FilterShape> shapes;
  std::unordered_map<std::string, std::size_t> numbers;
  for (std::uint32_t i = 0; i < programs.size(); ++i) {
    const auto instructions = programs[i]->instructions();
    std::vector<bool> is_parameter(instructions.size());
    if (!surveys[i].is_opaque) is_parameter = parameters(surveys[i], instructions.size(), tests);
    const auto [known, is_new] = numbers.try_emplace(signature(instructions, is_parameter), shapes.size());
    if (is_new) shapes.push_back({{}, std::move(is_parameter)});
    shapes[known->second].programs.push_back(i);
  }
  std::stable_sort(shapes.begin(), shapes.end(), [](const FilterShape& a, const FilterShape& b) {
    return a.programs.size() > b.programs.size();
  });
  return shapes;
}

}  // namespace pcapml
