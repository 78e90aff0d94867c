// SPDX-License-Identifier: Apache-2.0
#include "filter/expression.h"

#include "net/mix.h"
#include "pcapml/cursor.h"

namespace pcapml {
namespace {

/// Deeper ones are rare, and evaluating recurses.
constexpr std::uint8_t kDeepest = 64;

bool is_known_operation(std::uint16_t code, std::optional<std::uint32_t> right) {
  switch (BPF_OP(code)) {
    case BPF_DIV:
    case BPF_MOD: return right && *right != 0;
    case BPF_LSH:
    case BPF_RSH: return right && *right < 32;
    default: return true;
  }
}

std::uint32_t compute(std::uint16_t code, std::uint32_t left, std::uint32_t right) {
  if (BPF_CLASS(code) == BPF_JMP)
    return FilterTest{static_cast<std::uint16_t>(BPF_OP(code)), right}.holds(left) ? 1 : 0;
  switch (BPF_OP(code)) {
    case BPF_ADD: return left + right;
    case BPF_SUB: return left - right;
    case BPF_MUL: return left * right;
    case BPF_DIV: return left / right;
    case BPF_MOD: return left % right;
    case BPF_AND: return left & right;
    case BPF_OR: return left | right;
    case BPF_XOR: return left ^ right;
    case BPF_LSH: return left << right;
    case BPF_RSH: return left >> right;
    default: return 0U - left;  // BPF_NEG
  }
}

}  // namespace

Expressions::Expressions() {
  intern({});
  constant(0);
}

std::size_t Expressions::Hash::operator()(const Expression& e) const {
  const std::uint64_t head = std::uint64_t{static_cast<std::uint8_t>(e.kind)} << 56 |
                             std::uint64_t{e.size} << 48 | std::uint64_t{e.operation} << 32 | e.value;
  return mix(head ^ 0x9e3779b97f4a7c15, (std::uint64_t{e.left} << 32 | e.right) ^ 0xbf58476d1ce4e5b9);
}

ExpressionId Expressions::intern(const Expression& expression) {
  const auto [known, is_new] = ids_.try_emplace(expression, static_cast<ExpressionId>(all_.size()));
  if (is_new) all_.push_back(expression);
  return known->second;
}

ExpressionId Expressions::constant(std::uint32_t value) {
  return intern({.kind = Expression::Kind::constant, .value = value});
}

ExpressionId Expressions::length() { return intern({.kind = Expression::Kind::length}); }

ExpressionId Expressions::load(ExpressionId base, std::uint32_t offset, std::uint8_t size) {
  if (base == kUnknown || all_[base].depth >= kDeepest) return kUnknown;
  return intern({.kind = Expression::Kind::load,
                 .size = size,
                 .depth = static_cast<std::uint8_t>(all_[base].depth + 1),
                 .value = offset,
                 .left = base});
}

ExpressionId Expressions::operation(std::uint16_t code, ExpressionId left, ExpressionId right) {
  if (left == kUnknown || right == kUnknown) return kUnknown;
  const std::uint8_t depth = std::max(all_[left].depth, all_[right].depth);
  const auto a = constant_value(left), b = constant_value(right);
  if (!is_known_operation(code, b) || depth >= kDeepest) return kUnknown;
  if (a && b) return constant(compute(code, *a, *b));
  const auto what = static_cast<std::uint16_t>(BPF_CLASS(code) | BPF_OP(code));
  return intern({.kind = Expression::Kind::operation,
                 .depth = static_cast<std::uint8_t>(depth + 1),
                 .operation = what,
                 .left = left,
                 .right = right});
}

std::optional<std::uint32_t> Expressions::constant_value(ExpressionId id) const {
  const Expression& expression = all_[id];
  if (expression.kind != Expression::Kind::constant) return std::nullopt;
  return expression.value;
}

std::optional<std::uint32_t> Expressions::evaluate(ExpressionId id, const FilterInput& packet) const {
  const Expression& e = all_[id];
  switch (e.kind) {
    case Expression::Kind::constant: return e.value;
    case Expression::Kind::length: return packet.original_length;
    case Expression::Kind::load: {
      std::size_t offset = e.value;
      if (e.left != kZero) {
        const auto base = evaluate(e.left, packet);
        if (!base) return std::nullopt;
        offset += *base;
      }
      if (offset > packet.data.size()) return std::nullopt;
      Cursor cursor(packet.data.subspan(offset));
      const std::uint32_t value = e.size == 1 ? cursor.u8() : e.size == 2 ? cursor.be16() : cursor.be32();
      if (!cursor.ok()) return std::nullopt;
      return value;
    }
    case Expression::Kind::operation: {
      const auto left = evaluate(e.left, packet);
      const auto right = left ? evaluate(e.right, packet) : std::nullopt;
      if (!right) return std::nullopt;
      return compute(e.operation, *left, *right);
    }
    case Expression::Kind::unknown: break;
  }
  return std::nullopt;
}

std::optional<std::uint32_t> Expressions::evaluate(
    ExpressionId id, const std::function<std::optional<std::uint32_t>(ExpressionId)>& known) const {
  const Expression& e = all_[id];
  if (e.kind == Expression::Kind::constant) return e.value;
  if (const auto value = known(id)) return value;
  if (e.kind != Expression::Kind::operation) return std::nullopt;
  const auto left = evaluate(e.left, known);
  const auto right = left ? evaluate(e.right, known) : std::nullopt;
  if (!right) return std::nullopt;
  return compute(e.operation, *left, *right);
}

}  // namespace pcapml
