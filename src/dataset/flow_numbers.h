// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "dataset/column.h"
#include "pcapml/headers.h"

namespace pcapml {

/// Numbers flows in the order of their first packets; both directions of a 5-tuple are one flow.
///
/// Knows flows by 128 bits of a keyed hash, so that a capture in which each packet is a flow of its own costs
/// 27 bytes for each of them, not 130. Not thread-safe.
class FlowNumbers {
 public:
  std::uint32_t number_of(const FlowKey& packet);
  std::uint32_t size() const { return static_cast<std::uint32_t>(flows_.size()); }

  /// Hashes of the two ends, the smaller one first.
  struct Ends {
    std::uint64_t low, high;
    bool operator==(const Ends&) const = default;
  };
  /// What a flow is known by.
  static Ends ends_of(const FlowKey& packet);
  const Ends& ends(std::uint32_t number) const { return flows_[number]; }

 private:
  void grow();

  Column<Ends> flows_;                // by number
  std::vector<std::uint32_t> slots_;  // number + 1, or 0; a power of two, at most three quarters full
};

}  // namespace pcapml
