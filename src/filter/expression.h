// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <pcap/pcap.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <unordered_map>
#include <vector>

#include "pcapml/bytes.h"

namespace pcapml {

/// A packet as a filter program sees it.
struct FilterInput {
  Bytes data;
  std::uint32_t original_length = 0;
};

/// What a register of a filter program holds, as a function of the packet.
using ExpressionId = std::uint32_t;

struct Expression {
  enum class Kind : std::uint8_t {
    unknown,    ///< anything
    constant,   ///< `value`
    length,     ///< the packet's original length
    load,       ///< `size` bytes, big endian, at `value` plus `left`, where that is not the constant 0
    operation,  ///< `left` and `right` joined by an ALU operation or a comparison, which gives 0 or 1
  };
  Kind kind = Kind::unknown;
  std::uint8_t size = 0;
  std::uint8_t depth = 0;       ///< of operations and loads below
  std::uint16_t operation = 0;  ///< code of the instruction: class BPF_ALU or BPF_JMP, and what it does
  std::uint32_t value = 0;
  ExpressionId left = 0, right = 0;

  bool operator==(const Expression&) const = default;
};

/// All expressions of some programs; equal ones have the same id. Not thread-safe.
class Expressions {
 public:
  Expressions();

  static constexpr ExpressionId kUnknown = 0, kZero = 1;

  ExpressionId constant(std::uint32_t value);
  ExpressionId length();
  ExpressionId load(ExpressionId base, std::uint32_t offset, std::uint8_t size);
  /// Unknown where this is not the same on all machines, such as a shift by 40 or a division by zero.
  ExpressionId operation(std::uint16_t code, ExpressionId left, ExpressionId right);

  const Expression& operator[](ExpressionId id) const { return all_[id]; }
  std::optional<std::uint32_t> constant_value(ExpressionId id) const;

  /// nullopt where a load reaches beyond the bytes captured: a program that does this rejects the packet.
  /// Of `unknown`: not to be asked.
  std::optional<std::uint32_t> evaluate(ExpressionId id, const FilterInput& packet) const;
  /// The same where only some parts are known, without a packet.
  std::optional<std::uint32_t> evaluate(
      ExpressionId id, const std::function<std::optional<std::uint32_t>(ExpressionId)>& known) const;

 private:
  struct Hash {
    std::size_t operator()(const Expression& expression) const;
  };
  ExpressionId intern(const Expression& expression);

  std::vector<Expression> all_;
  std::unordered_map<Expression, ExpressionId, Hash> ids_;
};

/// A test that a program makes on an expression: `BPF_JEQ`, `BPF_JGT`, `BPF_JGE` or `BPF_JSET`, and a
/// constant.
struct FilterTest {
  std::uint16_t operation = BPF_JEQ;
  std::uint32_t constant = 0;

  bool holds(std::uint32_t value) const {
    switch (operation) {
      case BPF_JEQ: return value == constant;
      case BPF_JGT: return value > constant;
      case BPF_JGE: return value >= constant;
      default: return (value & constant) != 0;
    }
  }
  bool operator==(const FilterTest&) const = default;
};

}  // namespace pcapml
