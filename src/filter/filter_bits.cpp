// SPDX-License-Identifier: Apache-2.0
#include "filter/filter_bits.h"

#include <algorithm>

namespace pcapml {

bool FilterBits::add(std::uint32_t offset, std::uint8_t size, std::uint32_t mask, std::uint32_t value) {
  if (mask != 0) {
    const int to_front = 32 - 8 * size;
    Word more{offset, std::uint64_t{mask} << 32 << to_front, std::uint64_t{value} << 32 << to_front};
    for (; more.mask >> 56 == 0; ++more.offset) {
      more.mask <<= 8;
      more.value <<= 8;
    }
    if (std::none_of(words_.begin(), words_.end(), [&](Word& word) { return add_to(word, more); }))
      return false;
  }
  extent_ = std::max(extent_, std::uint64_t{offset} + size);
  return true;
}

/// False where eight bytes are too few for both.
bool FilterBits::add_to(Word& word, const Word& more) {
  if (word.mask == 0) word.offset = more.offset;
  Word joined{.offset = std::min(word.offset, more.offset)};
  for (const Word& part : {word, more}) {
    const std::uint32_t by = part.offset - joined.offset;
    if (by > 7 || part.mask >> 8 * by << 8 * by != part.mask) return false;
    joined.mask |= part.mask >> 8 * by;
    joined.value |= part.value >> 8 * by;
  }
  word = joined;
  return true;
}

}  // namespace pcapml
