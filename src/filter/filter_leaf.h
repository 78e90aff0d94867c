// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "filter/filter_field.h"
#include "filter/filter_index.h"
#include "filter/filter_shapes.h"

namespace pcapml {

/// Packets of which the same facts are known: what else the programs ask about them, and which may match.
class FilterLeaf {
 public:
  /// A longer key would cost more than it saves.
  static constexpr std::size_t kMostFields = 24;
  /// A number, a length, fields, and whether they are short.
  using Key = std::array<std::uint32_t, kMostFields + 3>;

  FilterLeaf(Expressions& expressions, const FilterFacts& facts, const std::vector<FilterShape>& shapes,
             const std::vector<std::uint32_t>& alive, const std::vector<const FilterProgram*>& programs);

  /// Whether the sure candidates' verdicts, and who else may match, are a function of key().
  bool has_key() const { return has_key_; }
  /// Writes the key, the first word left out; gives its length with that word.
  std::size_t key(const Expressions& expressions, const FilterInput& packet, Key& key) const;

  /// Whether all packets of which this is so, and for which the index finds nothing, have one verdict.
  bool is_settled(const FilterInput& packet) const { return is_settled_ && packet.data.size() >= extent_; }
  /// Whether to ask the index if it may find something costs less than to remember packets by their keys.
  bool is_quick() const { return is_settled_ && is_quick_; }

  const FilterIndex& index() const { return index_; }

 private:
  void add_shape(FilterWalk& walk, const FilterShape& shape,
                 const std::vector<const FilterProgram*>& programs, bool is_sure, bool may_reject);
  void choose_fields(Expressions& expressions, std::vector<ExpressionId> wanted);

  FilterIndex index_;
  std::vector<FilterField> fields_;
  std::uint64_t extent_ = 0;
  bool has_key_ = true;
  bool is_settled_ = true;
  bool is_quick_ = true;
  bool may_be_short_ = false;  // fields, where no byte before extent_ is missing
};

}  // namespace pcapml
