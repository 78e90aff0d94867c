// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "filter/expression.h"
#include "filter/filter_bits.h"
#include "pcapml/cursor.h"

namespace pcapml {

/// Reads one expression of packets; bytes at a fixed place, masked and shifted, quickly.
class FilterField {
 public:
  FilterField() = default;
  FilterField(const Expressions& expressions, ExpressionId expression);

  struct Value {
    std::uint32_t value = 0;
    bool is_short = false;  ///< a load reaches beyond the bytes captured
  };
  Value of(const Expressions& expressions, const FilterInput& packet) const {
    if (size_ == 0) {
      const auto value = expressions.evaluate(expression_, packet);
      return {value.value_or(0), !value};
    }
    Cursor cursor(packet.data);
    cursor.skip(offset_);
    const std::uint32_t value = size_ == 4 ? cursor.be32() : size_ == 2 ? cursor.be16() : cursor.u8();
    return {(value & mask_) << shift_, !cursor.ok()};
  }

  bool is_at_fixed_place() const { return size_ != 0; }

  /// Has `bits` ask that the field, of which `mask` is selected, has a value that some packet has. False
  /// where they cannot.
  bool add_to(FilterBits& bits, std::uint32_t value, std::uint32_t mask = ~std::uint32_t{0}) const;

 private:
  ExpressionId expression_ = Expressions::kUnknown;
  std::uint8_t size_ = 0;  // of what is read; 0: anything else
  std::uint8_t shift_ = 0;
  std::uint32_t offset_ = 0, mask_ = ~std::uint32_t{0};
};

}  // namespace pcapml
