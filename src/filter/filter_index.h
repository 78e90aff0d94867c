// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "filter/expression.h"
#include "filter/filter_field.h"
#include "filter/filter_program.h"
#include "filter/filter_walk.h"

namespace pcapml {

/// A program that may match a packet.
struct FilterCandidate {
  std::uint32_t program = 0;
  bool is_sure = false;  ///< its verdict is a function of what the index's user remembers packets by

  auto operator<=>(const FilterCandidate&) const = default;
};

/// Finds the programs that may match a packet by what has to be equal on some way that accepts.
class FilterIndex {
 public:
  /// A program that is a candidate for every packet.
  void add_always(FilterCandidate candidate) { always_.push_back(candidate); }

  /// One way of a program. Ways that ask two values of one expression are left out.
  void add(FilterCandidate candidate, const FilterPath& path, std::span<const bpf_insn> program);

  /// No more will be added.
  void build(const Expressions& expressions);

  /// False where find() would find nothing; seldom true where it would not either. Much quicker.
  bool may_find(const Expressions& expressions, const FilterInput& packet) const;

  /// Appends the candidates for a packet, in no order; a program may be there twice.
  void find(const Expressions& expressions, const FilterInput& packet,
            std::vector<FilterCandidate>& candidates) const;

  /// The same for all packets of which some facts are known: those whose ways are sure to be asked for.
  void find(const Expressions& expressions, const FilterFacts& facts,
            std::vector<FilterCandidate>& candidates) const;

  /// Those for every packet, ascending; find() does not give them.
  const std::vector<FilterCandidate>& always() const { return always_; }

  /// The expressions that find() looks at.
  std::vector<ExpressionId> expressions() const;

  std::size_t size() const { return size_; }
  std::size_t tables() const { return tables_.size(); }

 private:
  struct Entry {
    std::uint64_t hash;
    FilterCandidate candidate;
    auto operator<=>(const Entry&) const = default;
  };
  /// Ways that ask for values of the same expressions.
  struct Table {
    std::vector<ExpressionId> expressions;  // ascending
    std::vector<FilterField> fields;        // the same
    std::vector<Entry> entries;             // by hash
    std::vector<std::uint32_t> starts;      // in entries, by the upper bits of the hash
    int shift = 0;
    std::vector<std::uint64_t> marks;  // by the upper bits of the hash; of each entry two bits
    int mark_shift = 0;

    bool may_have(std::uint64_t hash) const;
  };
  Table& table(const std::vector<ExpressionId>& expressions);
  static std::optional<std::uint64_t> hash_of(const Table& table, const Expressions& expressions,
                                              const FilterInput& packet);
  static void find_in(const Table& table, std::uint64_t hash, std::vector<FilterCandidate>& candidates);

  std::vector<Table> tables_;
  std::vector<FilterCandidate> always_;
  std::size_t size_ = 0;
};

}  // namespace pcapml
