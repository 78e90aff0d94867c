// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <unordered_map>
#include <vector>

#include "filter/expression.h"

namespace pcapml {

/// What is known of a packet before a program runs. The first fact about an expression stays.
class FilterFacts {
 public:
  void add_value(ExpressionId expression, std::uint32_t value) {
    facts_.try_emplace(expression, Fact{.value = value});
  }
  /// The expression's loads reach beyond the bytes captured.
  void add_short(ExpressionId expression) { facts_.try_emplace(expression, Fact{.is_short = true}); }
  /// Which of some tests hold, one bit each. Borrows them.
  void add_tests(ExpressionId expression, const std::vector<FilterTest>& tests, std::uint32_t holding) {
    facts_.try_emplace(expression, Fact{.tests = &tests, .holding = holding});
  }

  bool contains(ExpressionId expression) const { return facts_.contains(expression); }
  std::optional<std::uint32_t> value(ExpressionId expression) const;
  bool is_short(ExpressionId expression) const;
  std::optional<bool> holds(ExpressionId expression, const FilterTest& test) const;
  /// The value of an expression whose parts are known.
  std::optional<std::uint32_t> evaluate(const Expressions& expressions, ExpressionId expression) const;

 private:
  struct Fact {
    std::optional<std::uint32_t> value = {};
    bool is_short = false;
    const std::vector<FilterTest>* tests = nullptr;
    std::uint32_t holding = 0;
  };
  std::unordered_map<ExpressionId, Fact> facts_;
};

/// What facts do not tell: how a branch is taken, or where a load reads.
struct FilterQuestion {
  enum class Kind : std::uint8_t { branch, address };
  Kind kind = Kind::branch;
  std::size_t at = 0;  ///< index of the instruction
  ExpressionId expression = Expressions::kUnknown;
  FilterTest test;  ///< of a branch
};

/// From each address, constant 0 or not known, up to which byte: none at or beyond it is read.
using FilterExtents = std::map<ExpressionId, std::uint64_t>;

/// What a program may do on packets of which some facts are known.
struct FilterSurvey {
  bool accepts = false;      ///< on some packets
  bool rejects = false;      ///< on some, too short ones aside
  bool is_opaque = false;    ///< nothing else here is complete: there are loops, or too many ways
  bool has_unknown = false;  ///< what it does also depends on what no expression tells
  FilterExtents extents;     ///< what it reads
  std::vector<FilterQuestion> questions;  ///< in the order met
};

/// A way through a program that accepts: what must be equal for it.
struct FilterPath {
  struct Equality {
    ExpressionId expression = Expressions::kUnknown;
    std::size_t at = 0;  ///< index of the instruction that asks for it
    /// What it has to be equal to in one of the programs that have this way.
    std::uint32_t value(std::span<const bpf_insn> program) const;
  };
  struct Answer {
    FilterQuestion question;
    bool holds = false;
  };
  std::vector<Equality> equalities;
  std::vector<Answer> answers;  ///< all of them, where asked for
  FilterExtents extents;        ///< what it reads
};

/// Runs programs on packets of which only some facts are known, along every way that they leave open.
class FilterWalk {
 public:
  /// Both stay with the caller.
  FilterWalk(Expressions& expressions, const FilterFacts& facts) : expressions_(expressions), facts_(facts) {}

  FilterSurvey survey(std::span<const bpf_insn> program);

  enum class Keep : std::uint8_t { equalities, answers };
  /// All ways that accept; nullopt where there are more than `most`, or too many to look for.
  std::optional<std::vector<FilterPath>> paths(std::span<const bpf_insn> program, std::size_t most,
                                               Keep keep = Keep::equalities);

 private:
  struct State {
    std::size_t at = 0;
    ExpressionId a = Expressions::kZero, x = Expressions::kZero;
    std::array<ExpressionId, BPF_MEMWORDS> memory{};  // nothing is read there that was not written

    auto operator<=>(const State&) const = default;
  };
  enum class Stop : std::uint8_t { accept, reject, branch, opaque };

  Stop run(std::span<const bpf_insn> program, State& state, FilterQuestion& branch);
  bool step(const bpf_insn& insn, State& state);
  bool load(ExpressionId base, const bpf_insn& insn, ExpressionId& into);
  bool load_header_length(const bpf_insn& insn, State& state);
  ExpressionId compute(std::uint16_t code, ExpressionId left, ExpressionId right);
  std::optional<bool> decide(const FilterQuestion& branch) const;
  ExpressionId note(ExpressionId expression);

  Expressions& expressions_;
  const FilterFacts& facts_;
  FilterSurvey survey_;
  std::size_t steps_ = 0;
};

}  // namespace pcapml
