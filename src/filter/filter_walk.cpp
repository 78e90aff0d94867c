// SPDX-License-Identifier: Apache-2.0
#include "filter/filter_walk.h"

#include <algorithm>
#include <limits>

namespace pcapml {
namespace {

/// Instructions over all ways; the longest filter has 32,768 that are met a few times each.
constexpr std::size_t kMostSteps = 400'000;

void read(FilterExtents& extents, ExpressionId base, std::uint64_t extent) {
  std::uint64_t& known = extents[base];
  known = std::max(known, extent);
}

}  // namespace

std::optional<std::uint32_t> FilterFacts::value(ExpressionId expression) const {
  const auto found = facts_.find(expression);
  return found == facts_.end() ? std::nullopt : found->second.value;
}

bool FilterFacts::is_short(ExpressionId expression) const {
  const auto found = facts_.find(expression);
  return found != facts_.end() && found->second.is_short;
}

std::optional<bool> FilterFacts::holds(ExpressionId expression, const FilterTest& test) const {
  const auto found = facts_.find(expression);
  if (found == facts_.end() || found->second.tests == nullptr) return std::nullopt;
  const std::vector<FilterTest>& tests = *found->second.tests;
  const auto place = std::find(tests.begin(), tests.end(), test);
  if (place == tests.end()) return std::nullopt;
  return (found->second.holding >> (place - tests.begin()) & 1) != 0;
}

std::optional<std::uint32_t> FilterFacts::evaluate(const Expressions& expressions,
                                                   ExpressionId expression) const {
  return expressions.evaluate(expression, [this](ExpressionId part) { return value(part); });
}

std::uint32_t FilterPath::Equality::value(std::span<const bpf_insn> program) const {
  const bpf_insn& insn = program[at];
  return BPF_SRC(insn.code) == BPF_X ? 1 : insn.k;  // of a comparison with a register: that it holds
}

FilterSurvey FilterWalk::survey(std::span<const bpf_insn> program) {
  survey_ = {};
  steps_ = 0;
  std::set<State> seen;
  std::vector<State> open{{}};
  while (!open.empty()) {
    State state = open.back();
    open.pop_back();
    FilterQuestion branch;
    switch (run(program, state, branch)) {
      case Stop::accept: survey_.accepts = true; break;
      case Stop::reject: survey_.rejects = true; break;
      case Stop::opaque: survey_.is_opaque = survey_.accepts = true; return survey_;
      case Stop::branch:
        if (!seen.insert(state).second) break;
        survey_.questions.push_back(branch);
        for (const std::size_t jump : {program[state.at].jf, program[state.at].jt}) {
          State next = state;
          next.at += 1 + jump;
          open.push_back(next);
        }
        break;
    }
  }
  return survey_;
}

std::optional<std::vector<FilterPath>> FilterWalk::paths(std::span<const bpf_insn> program, std::size_t most,
                                                         Keep keep) {
  struct Open {
    State state;
    FilterPath path;
  };
  steps_ = 0;
  std::vector<FilterPath> found;
  std::vector<Open> open(1);
  while (!open.empty()) {
    Open way = std::move(open.back());
    open.pop_back();
    FilterQuestion branch;
    survey_ = {};
    const Stop stop = run(program, way.state, branch);
    for (const auto& [base, extent] : survey_.extents) read(way.path.extents, base, extent);
    switch (stop) {
      case Stop::accept:
        if (found.size() == most) return std::nullopt;
        found.push_back(std::move(way.path));
        break;
      case Stop::reject: break;
      case Stop::opaque: return std::nullopt;
      case Stop::branch: {
        const std::size_t at = way.state.at;
        Open other = way;
        other.state.at = at + 1 + program[at].jf;
        way.state.at = at + 1 + program[at].jt;
        if (keep == Keep::answers) {
          other.path.answers.push_back({branch, false});
          way.path.answers.push_back({branch, true});
        }
        if (branch.test.operation == BPF_JEQ && branch.expression != Expressions::kUnknown)
          way.path.equalities.push_back({branch.expression, at});
        open.push_back(std::move(other));
        open.push_back(std::move(way));
        break;
      }
    }
  }
  return found;
}

/// Up to a branch that is not decided, where state and branch tell about it, or to the end.
FilterWalk::Stop FilterWalk::run(std::span<const bpf_insn> program, State& state, FilterQuestion& branch) {
  while (state.at < program.size() && ++steps_ <= kMostSteps) {
    const bpf_insn& insn = program[state.at];
    if (BPF_CLASS(insn.code) == BPF_RET) {
      if (BPF_RVAL(insn.code) != BPF_K) return Stop::opaque;
      return insn.k != 0 ? Stop::accept : Stop::reject;
    }
    if (BPF_CLASS(insn.code) != BPF_JMP) {
      if (!step(insn, state)) return Stop::reject;
      ++state.at;
      continue;
    }
    if (BPF_OP(insn.code) == BPF_JA) {
      if (insn.k >= program.size()) return Stop::opaque;  // back: a loop
      state.at += 1 + insn.k;
      continue;
    }
    branch = {FilterQuestion::Kind::branch,
              state.at,
              state.a,
              {static_cast<std::uint16_t>(BPF_OP(insn.code)), insn.k}};
    if (BPF_SRC(insn.code) == BPF_X) {
      branch.expression = compute(insn.code, state.a, state.x);
      branch.test = {BPF_JEQ, 1};
    }
    if (facts_.is_short(branch.expression)) return Stop::reject;
    const auto decided = decide(branch);
    if (!decided) return Stop::branch;
    state.at += 1U + (*decided ? insn.jt : insn.jf);
  }
  return Stop::opaque;
}

std::optional<bool> FilterWalk::decide(const FilterQuestion& branch) const {
  if (const auto value = expressions_.constant_value(branch.expression)) return branch.test.holds(*value);
  return facts_.holds(branch.expression, branch.test);
}

/// False where the program rejects the packet.
bool FilterWalk::step(const bpf_insn& insn, State& state) {
  ExpressionId& word = state.memory[insn.k % BPF_MEMWORDS];
  switch (BPF_CLASS(insn.code)) {
    case BPF_LD:
    case BPF_LDX: {
      ExpressionId& into = BPF_CLASS(insn.code) == BPF_LD ? state.a : state.x;
      switch (BPF_MODE(insn.code)) {
        case BPF_IMM: into = expressions_.constant(insn.k); return true;
        case BPF_LEN: into = note(expressions_.length()); return true;
        case BPF_MEM: into = word; return true;
        case BPF_ABS: return load(Expressions::kZero, insn, into);
        case BPF_IND: return load(state.x, insn, into);
        default: return load_header_length(insn, state);
      }
    }
    case BPF_ST: word = state.a; return true;
    case BPF_STX: word = state.x; return true;
    case BPF_ALU: {
      const bool by_register = BPF_SRC(insn.code) == BPF_X && BPF_OP(insn.code) != BPF_NEG;
      state.a = compute(insn.code, state.a, by_register ? state.x : expressions_.constant(insn.k));
      return true;
    }
    default:
      if (BPF_MISCOP(insn.code) == BPF_TAX)
        state.x = state.a;
      else
        state.a = state.x;
      return true;
  }
}

bool FilterWalk::load(ExpressionId base, const bpf_insn& insn, ExpressionId& into) {
  if (facts_.is_short(base)) return false;
  const std::uint8_t size = BPF_SIZE(insn.code) == BPF_B ? 1 : BPF_SIZE(insn.code) == BPF_H ? 2 : 4;
  const auto start = expressions_.constant_value(base);
  if (!start) {
    read(survey_.extents, base, std::uint64_t{insn.k} + size);
    survey_.questions.push_back({FilterQuestion::Kind::address, 0, base, {}});
    into = note(expressions_.load(base, insn.k, size));
    return true;
  }
  const std::uint64_t address = std::uint64_t{*start} + insn.k;
  if (address + size > std::numeric_limits<std::uint32_t>::max()) return false;
  read(survey_.extents, Expressions::kZero, address + size);
  into = note(expressions_.load(Expressions::kZero, static_cast<std::uint32_t>(address), size));
  return true;
}

/// `ldxb 4*([k]&0xf)`: the length of an IPv4 header.
bool FilterWalk::load_header_length(const bpf_insn& insn, State& state) {
  ExpressionId byte = Expressions::kUnknown;
  if (!load(Expressions::kZero, insn, byte)) return false;
  const ExpressionId low = compute(BPF_ALU | BPF_AND, byte, expressions_.constant(15));
  state.x = compute(BPF_ALU | BPF_LSH, low, expressions_.constant(2));
  return true;
}

ExpressionId FilterWalk::compute(std::uint16_t code, ExpressionId left, ExpressionId right) {
  return note(expressions_.operation(code, left, right));
}

/// The constant in its place, where facts tell it.
ExpressionId FilterWalk::note(ExpressionId expression) {
  survey_.has_unknown = survey_.has_unknown || expression == Expressions::kUnknown;
  const auto value = facts_.value(expression);
  return value ? expressions_.constant(*value) : expression;
}

}  // namespace pcapml
