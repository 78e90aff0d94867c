// SPDX-License-Identifier: Apache-2.0
#include "filter/filter_leaf.h"

#include <algorithm>
#include <map>

namespace pcapml {
namespace {

/// Ways of one shape; more are tried as the program that they are.
constexpr std::size_t kMostPaths = 8192;
/// Entries of a leaf's index.
constexpr std::size_t kMostEntries = std::size_t{4} << 20;
/// More tables are looked at more slowly than what is remembered.
constexpr std::size_t kFewTables = 4;
/// Longer verdicts are not kept for each leaf.
constexpr std::size_t kFewAlways = 16;

/// `load & constant`, and the constant.
bool is_masked_load(const Expressions& expressions, const Expression& expression) {
  return expression.kind == Expression::Kind::operation && expression.operation == (BPF_ALU | BPF_AND) &&
         expressions[expression.left].kind == Expression::Kind::load &&
         expressions.constant_value(expression.right).has_value();
}

}  // namespace

FilterLeaf::FilterLeaf(Expressions& expressions, const FilterFacts& facts,
                       const std::vector<FilterShape>& shapes, const std::vector<std::uint32_t>& alive,
                       const std::vector<const FilterProgram*>& programs) {
  FilterWalk walk(expressions, facts);
  std::vector<ExpressionId> wanted;
  for (const std::uint32_t number : alive) {
    const FilterShape& shape = shapes[number];
    const FilterSurvey survey = walk.survey(programs[shape.programs.front()]->instructions());
    const bool is_sure =
        !survey.is_opaque && !survey.has_unknown &&
        std::none_of(survey.questions.begin(), survey.questions.end(), [](const FilterQuestion& question) {
          return question.kind == FilterQuestion::Kind::address;
        });
    if (is_sure)
      for (const FilterQuestion& question : survey.questions) wanted.push_back(question.expression);
    const auto fixed = survey.extents.find(Expressions::kZero);
    if (fixed != survey.extents.end()) extent_ = std::max(extent_, fixed->second);
    add_shape(walk, shape, programs, is_sure, survey.rejects);
  }
  index_.build(expressions);
  is_settled_ = is_settled_ && index_.always().size() <= kFewAlways;
  is_quick_ = index_.tables() <= kFewTables;
  const std::vector<ExpressionId> looked_at = index_.expressions();
  wanted.insert(wanted.end(), looked_at.begin(), looked_at.end());
  choose_fields(expressions, std::move(wanted));
}

void FilterLeaf::add_shape(FilterWalk& walk, const FilterShape& shape,
                           const std::vector<const FilterProgram*>& programs, bool is_sure, bool may_reject) {
  const auto paths = walk.paths(programs[shape.programs.front()]->instructions(), kMostPaths);
  const bool is_indexed = paths && index_.size() + paths->size() * shape.programs.size() <= kMostEntries &&
                          std::none_of(paths->begin(), paths->end(),
                                       [](const FilterPath& path) { return path.equalities.empty(); });
  if (!is_indexed) {
    for (const std::uint32_t program : shape.programs) index_.add_always({program, is_sure});
    is_settled_ = is_settled_ && !(is_sure && may_reject);
    return;
  }
  for (const std::uint32_t program : shape.programs)
    for (const FilterPath& path : *paths)
      index_.add({program, is_sure}, path, programs[program]->instructions());
}

/// Networks of all lengths ask for one address: the bytes that any of them wants are one field.
void FilterLeaf::choose_fields(Expressions& expressions, std::vector<ExpressionId> wanted) {
  std::sort(wanted.begin(), wanted.end());
  wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
  std::map<ExpressionId, std::uint32_t> loads;
  for (const ExpressionId expression : wanted) {
    const Expression whole = expressions[expression];
    if (is_masked_load(expressions, whole))
      loads[whole.left] |= *expressions.constant_value(whole.right);
    else
      loads[expression] = ~std::uint32_t{0};
  }
  has_key_ = loads.size() <= kMostFields;
  if (!has_key_) return;
  for (const auto& [load, mask] : loads) {
    const ExpressionId expression =
        mask == ~std::uint32_t{0}
            ? load
            : expressions.operation(BPF_ALU | BPF_AND, load, expressions.constant(mask));
    fields_.emplace_back(expressions, expression);
    may_be_short_ = may_be_short_ || !fields_.back().is_at_fixed_place();
  }
}

std::size_t FilterLeaf::key(const Expressions& expressions, const FilterInput& packet, Key& key) const {
  key[1] = static_cast<std::uint32_t>(std::min<std::uint64_t>(extent_, packet.data.size()));
  std::size_t size = 2;
  std::uint32_t is_short = 0;
  for (const FilterField& field : fields_) {
    const auto [value, missing] = field.of(expressions, packet);
    is_short = is_short << 1 | (missing ? 1 : 0);
    key[size++] = value;
  }
  if (may_be_short_) key[size++] = is_short;
  return size;
}

}  // namespace pcapml
