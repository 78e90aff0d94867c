// SPDX-License-Identifier: Apache-2.0
#include "filter/filter_field.h"

namespace pcapml {
namespace {

constexpr std::uint8_t kWord = 4;

/// The constant, where the expression is this operation on something and a constant.
const Expression* take_off(const Expressions& expressions, std::uint16_t operation, const Expression* from,
                           std::uint32_t& constant) {
  if (from->kind != Expression::Kind::operation || from->operation != operation) return from;
  const auto value = expressions.constant_value(from->right);
  if (!value) return from;
  constant = *value;
  return &expressions[from->left];
}

}  // namespace

FilterField::FilterField(const Expressions& expressions, ExpressionId expression) : expression_(expression) {
  std::uint32_t shift = 0, mask = ~std::uint32_t{0};
  const Expression* inner = take_off(expressions, BPF_ALU | BPF_LSH, &expressions[expression], shift);
  inner = take_off(expressions, BPF_ALU | BPF_AND, inner, mask);
  if (inner->kind != Expression::Kind::load || inner->left != Expressions::kZero) return;
  shift_ = static_cast<std::uint8_t>(shift);
  mask_ = mask;
  size_ = inner->size;
  offset_ = inner->value;
  if (offset_ + size_ < kWord) return;
  // Nearly all fields are read in one way, as the end of a word: it has the bytes that the field has.
  mask_ &= ~std::uint32_t{0} >> 8 * (kWord - size_);
  offset_ -= kWord - size_;
  size_ = kWord;
}

bool FilterField::add_to(FilterBits& bits, std::uint32_t value, std::uint32_t mask) const {
  return is_at_fixed_place() && bits.add(offset_, size_, mask_ & mask >> shift_, value >> shift_);
}

}  // namespace pcapml
