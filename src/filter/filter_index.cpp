// SPDX-License-Identifier: Apache-2.0
#include "filter/filter_index.h"

#include <algorithm>
#include <bit>
#include <optional>
#include <utility>

#include "net/mix.h"

namespace pcapml {
namespace {

/// Words of marks are fewer than buckets by so many powers of two: 16 bits or more for each entry, of which
/// it sets two. One value in 100 that is not there is taken for one that may be.
constexpr int kMarkBits = -2;

constexpr std::uint64_t kStart = 0x9e3779b97f4a7c15, kFactor = 0xbf58476d1ce4e5b9;

std::uint64_t add_to_hash(std::uint64_t hash, std::uint32_t value) { return mix(hash ^ value, kFactor); }

std::uint64_t marks_of(std::uint64_t hash) {
  return std::uint64_t{1} << (hash & 63) | std::uint64_t{1} << (hash >> 6 & 63);
}

}  // namespace

FilterIndex::Table& FilterIndex::table(const std::vector<ExpressionId>& expressions) {
  for (Table& known : tables_)
    if (known.expressions == expressions) return known;
  Table& table = tables_.emplace_back();
  table.expressions = expressions;
  return table;
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

void FilterIndex::build(const Expressions& expressions) {
  std::sort(always_.begin(), always_.end());
  for (Table& table : tables_) {
    for (const ExpressionId expression : table.expressions)
      table.fields.emplace_back(expressions, expression);
    std::sort(table.entries.begin(), table.entries.end());
    table.entries.erase(std::unique(table.entries.begin(), table.entries.end()), table.entries.end());
    const int bits = std::max(1, static_cast<int>(std::bit_width(table.entries.size())));
    table.shift = 64 - bits;
    table.starts.assign((std::size_t{1} << bits) + 1, 0);
    for (const Entry& entry : table.entries) ++table.starts[(entry.hash >> table.shift) + 1];
    for (std::size_t i = 1; i < table.starts.size(); ++i) table.starts[i] += table.starts[i - 1];
    const int mark_bits = std::max(1, bits + kMarkBits);
    table.mark_shift = 64 - mark_bits;
    table.marks.assign(std::size_t{1} << mark_bits, 0);
    for (const Entry& entry : table.entries)
      table.marks[entry.hash >> table.mark_shift] |= marks_of(entry.hash);
  }
}

/// nullopt where the packet is too short for one of the expressions.
inline std::optional<std::uint64_t> FilterIndex::hash_of(const Table& table, const Expressions& expressions,
                                                         const FilterInput& packet) {
  std::uint64_t hash = kStart;
  for (const FilterField& field : table.fields) {
    const FilterField::Value value = field.of(expressions, packet);
    if (value.is_short) return std::nullopt;
    hash = add_to_hash(hash, value.value);
  }
  return hash;
}

inline bool FilterIndex::Table::may_have(std::uint64_t hash) const {
  const std::uint64_t wanted = marks_of(hash);
  return (marks[hash >> mark_shift] & wanted) == wanted;
}

bool FilterIndex::may_find(const Expressions& expressions, const FilterInput& packet) const {
  for (const Table& table : tables_) {
    const auto hash = hash_of(table, expressions, packet);
    if (!hash) continue;
    if (table.may_have(*hash)) return true;
  }
  return false;
}

void FilterIndex::find_in(const Table& table, std::uint64_t hash, std::vector<FilterCandidate>& candidates) {
  if (!table.may_have(hash)) return;
  const std::size_t bucket = hash >> table.shift;
  for (std::size_t i = table.starts[bucket]; i < table.starts[bucket + 1]; ++i)
    if (table.entries[i].hash == hash) candidates.push_back(table.entries[i].candidate);
}

void FilterIndex::find(const Expressions& expressions, const FilterInput& packet,
                       std::vector<FilterCandidate>& candidates) const {
  for (const Table& table : tables_)
    if (const auto hash = hash_of(table, expressions, packet)) find_in(table, *hash, candidates);
}

void FilterIndex::find(const Expressions& expressions, const FilterFacts& facts,
                       std::vector<FilterCandidate>& candidates) const {
  for (const Table& table : tables_) {
    std::optional<std::uint64_t> hash = kStart;
    for (const ExpressionId expression : table.expressions) {
      const auto value = facts.evaluate(expressions, expression);
      hash = value ? std::optional(add_to_hash(*hash, *value)) : std::nullopt;
      if (!hash) break;
    }
    if (hash) find_in(table, *hash, candidates);
  }
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
