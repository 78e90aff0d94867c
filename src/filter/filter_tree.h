// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "filter/filter_leaf.h"

namespace pcapml {

/// Tells packets apart by what all the programs ask first, such as the protocol, until what is left to ask
/// are fields that they compare with many constants. Grows with the packets that come. Not thread-safe.
class FilterTree {
 public:
  /// The programs stay with the caller.
  explicit FilterTree(std::vector<const FilterProgram*> programs);

  struct Found {
    std::uint32_t number;  ///< of the leaf
    const FilterLeaf& leaf;
  };
  Found find(const FilterInput& packet);

  const Expressions& expressions() const { return expressions_; }
  const FilterProgram& program(std::uint32_t number) const { return *programs_[number]; }

 private:
  /// Answers below this lead to a child by their number.
  static constexpr std::size_t kFewAnswers = 64;
  static constexpr std::uint64_t kShort = ~std::uint64_t{0};

  /// What is needed of a node for each packet.
  struct Step {
    enum class Answer : std::uint8_t {
      equal,  ///< the place of the constant that the field equals, or their number
      tests,  ///< those that hold, one bit each
      value,  ///< of the field itself, an address
    };
    FilterField field;
    std::uint32_t leaf = 0;                             // number + 1; 0: packets are told apart further
    std::uint32_t children = 0;                         // the first in children_, for kFewAnswers
    std::uint32_t constants = 0, end_of_constants = 0;  // in constants_
    Answer kind = Answer::value;
  };
  /// How a node came to be, and what is needed of it more seldom.
  struct Origin {
    ExpressionId expression = Expressions::kUnknown;              // that it asks for
    std::vector<FilterTest> tests;                                // of an address: none
    std::vector<std::uint32_t> alive;                             // shapes that may still match
    std::vector<std::pair<std::uint64_t, std::uint32_t>> others;  // children by answer, from kFewAnswers
    std::uint32_t parent = 0;
    std::uint64_t answer = 0;  // of the parent's question
    unsigned depth = 0;
    std::uint32_t shortcut = 0;  // last node on the way here, or this, that is reached by certain bits alone
    FilterBits bits;             // those, if it is this
  };
  struct Shortcut {
    FilterBits bits;
    std::uint32_t node = 0;
  };

  std::uint64_t answer(std::uint32_t node, FilterField::Value value) const;
  std::uint64_t holding(std::uint32_t node, std::uint32_t value) const;
  void add_shortcut(std::uint32_t node);
  bool add_answer(FilterBits& bits, std::uint32_t node, std::uint64_t answer) const;
  std::uint32_t child(std::uint32_t node, std::uint64_t answer);
  std::uint32_t grow(std::uint32_t parent, std::uint64_t answer);
  std::uint32_t held(std::uint32_t node, std::uint64_t answer) const;
  FilterFacts facts(std::uint32_t node) const;
  void survey(std::uint32_t node, const std::vector<std::uint32_t>& shapes);
  std::uint32_t add_leaf(const FilterFacts& facts, const std::vector<std::uint32_t>& alive);
  Found any();

  Expressions expressions_;
  std::vector<const FilterProgram*> programs_;
  std::vector<FilterShape> shapes_;
  std::vector<Step> steps_;
  std::vector<Origin> origins_;          // of the same nodes
  std::vector<std::uint32_t> children_;  // 0: not yet
  std::vector<std::uint32_t> constants_;
  std::vector<Shortcut> shortcuts_;  // to nodes where packets came by lately
  std::size_t next_shortcut_ = 0;    // to be replaced
  std::vector<std::unique_ptr<FilterLeaf>> leaves_;
  std::size_t entries_ = 0;     // of all the leaves' indexes
  std::uint32_t any_leaf_ = 0;  // number + 1; for packets for which there is no room
};

}  // namespace pcapml
