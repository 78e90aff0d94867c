// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace pcapml {

/// Folds the 128-bit product of two words to one word. The factors are folded in as well, so that a zero on
/// one side does not swallow the other.
inline std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  __extension__ typedef unsigned __int128 Product;
  const Product product = static_cast<Product>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64) ^ a ^ b;
}

}  // namespace pcapml
