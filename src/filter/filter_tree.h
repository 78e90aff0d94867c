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
  /// What is needed of a node for each packet.
  struct Step {
    FilterField field;
    enum class Answer : std::uint8_t { equal, tests, value } kind = Answer::value;
    std::uint32_t leaf = 0;               // number + 1; 0: packets are told apart further
    std::vector<FilterTest> tests;        // of an address: none
    std::vector<std::uint32_t> children;  // by answer, those below kFewAnswers; 0: not yet
    std::vector<std::pair<std::uint64_t, std::uint32_t>> others;  // by answer

    /// equal: the place of the only test that holds, or their number; tests: those that hold, one bit each.
    std::uint64_t answer(FilterField::Value value) const;
  };
  /// How a node came to be.
  struct Origin {
    ExpressionId expression = Expressions::kUnknown;  // that it asks for
    std::vector<std::uint32_t> alive;                 // shapes that may still match
    std::uint32_t parent = 0;
    std::uint64_t answer = 0;  // of the parent's question
    unsigned depth = 0;
  };
  static constexpr std::uint64_t kShort = ~std::uint64_t{0};
  static constexpr std::size_t kFewAnswers = 64;

  std::uint32_t child(std::uint32_t node, std::uint64_t answer);
  std::uint32_t grow(std::uint32_t parent, std::uint64_t answer);
  static std::uint32_t holding(const Step& step, std::uint64_t answer);
  FilterFacts facts(std::uint32_t node) const;
  void survey(std::uint32_t node, const std::vector<std::uint32_t>& shapes);
  std::uint32_t add_leaf(const FilterFacts& facts, const std::vector<std::uint32_t>& alive);
  Found any();

  Expressions expressions_;
  std::vector<const FilterProgram*> programs_;
  std::vector<FilterShape> shapes_;
  std::vector<Step> steps_;
  std::vector<Origin> origins_;  // of the same nodes
  std::vector<std::unique_ptr<FilterLeaf>> leaves_;
  std::size_t entries_ = 0;     // of all the leaves' indexes
  std::uint32_t any_leaf_ = 0;  // number + 1; for packets for which there is no room
};

}  // namespace pcapml
