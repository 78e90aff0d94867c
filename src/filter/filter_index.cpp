// SPDX-License-Identifier: Apache-2.0
#include "filter/filter_index.h"

#include <algorithm>
#include <bit>
#include <optional>
#include <utility>

#include "net/mix.h"

namespace pcapml {
namespace {

constexpr std::uint64_t kStart = 0x9e3779b97f4a7c15, kFactor = 0xbf58476d1ce4e5b9;

std::uint64_t add_to_hash(std::uint64_t hash, std::uint32_t value) { return mix(hash ^ value, kFactor); }

}  // namespace

FilterIndex::Table& FilterIndex::table(const std::vector<ExpressionId>& expressions) {
  for (Table& table : tables_)
    if (table.expressions == expressions) return table;
  return tables_.emplace_back(Table{expressions, {}, {}, 0});
}

void FilterIndex::add(FilterCandidate candidate, const FilterPath& path, std::span<const bpf_insn> program) {
  std::vector<std::pair<ExpressionId, std::uint32_t>> wanted;
  for (const FilterPath::Equality& equality : path.equalities)
    wanted.emplace_back(equality.expression, equality.value(program));
  std::sort(wanted.begin(), wanted.end());
  wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
  std::vector<ExpressionId> expressions;
  std::uint64_t hash = kStart;
  for (const auto& [expression, value] : wanted) {
    if (!expressions.empty() && expressions.back() == expression) return;
    expressions.push_back(expression);
    hash = add_to_hash(hash, value);
  }
  table(expressions).entries.push_back({hash, candidate});
  ++size_;
}

void FilterIndex::build() {
  std::sort(always_.begin(), always_.end());
  for (Table& table : tables_) {
    std::sort(table.entries.begin(), table.entries.end());
    table.entries.erase(std::unique(table.entries.begin(), table.entries.end()), table.entries.end());
    const int bits = std::max(1, static_cast<int>(std::bit_width(table.entries.size())));
    table.shift = 64 - bits;
    table.starts.assign((std::size_t{1} << bits) + 1, 0);
    for (const Entry& entry : table.entries) ++table.starts[(entry.hash >> table.shift) + 1];
    for (std::size_t i = 1; i < table.starts.size(); ++i) table.starts[i] += table.starts[i - 1];
  }
}

template <class ValueOf>
void FilterIndex::find_by(ValueOf value_of, std::vector<FilterCandidate>& candidates) const {
  for (const Table& table : tables_) {
    std::uint64_t hash = kStart;
    bool is_unknown = false;
    for (const ExpressionId expression : table.expressions) {
      const std::optional<std::uint32_t> value = value_of(expression);
      is_unknown = !value;
      if (is_unknown) break;
      hash = add_to_hash(hash, *value);
    }
    if (is_unknown) continue;
    const std::size_t bucket = hash >> table.shift;
    for (std::size_t i = table.starts[bucket]; i < table.starts[bucket + 1]; ++i)
      if (table.entries[i].hash == hash) candidates.push_back(table.entries[i].candidate);
  }
}

void FilterIndex::find(const Expressions& expressions, const FilterInput& packet,
                       std::vector<FilterCandidate>& candidates) const {
  find_by([&](ExpressionId id) { return expressions.evaluate(id, packet); }, candidates);
}

void FilterIndex::find(const Expressions& expressions, const FilterFacts& facts,
                       std::vector<FilterCandidate>& candidates) const {
  find_by([&](ExpressionId id) { return facts.evaluate(expressions, id); }, candidates);
}

std::vector<ExpressionId> FilterIndex::expressions() const {
  std::vector<ExpressionId> all;
  for (const Table& table : tables_)
    all.insert(all.end(), table.expressions.begin(), table.expressions.end());
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

}  // namespace pcapml
