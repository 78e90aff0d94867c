// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

#include "pcapml/bytes.h"
#include "pcapml/cursor.h"

namespace pcapml {

/// Values that bits at fixed places of a packet have to have; asks for all of them at once.
class FilterBits {
 public:
  /// One more: of `size` bytes at `offset`, big endian, those that `mask` selects are `value`. False, and
  /// nothing changes, where this is too far from the others.
  bool add(std::uint32_t offset, std::uint8_t size, std::uint32_t mask, std::uint32_t value);

  /// Of a packet that ends shortly behind the bits: maybe false although it has them.
  bool are_in(Bytes packet) const {
    bool all = packet.size() >= extent_;
    for (const Word& word : words_) {
      Cursor cursor(packet);
      cursor.skip(word.offset);
      all &= (cursor.be64() & word.mask) == word.value && cursor.ok();
    }
    return all;
  }

  bool operator==(const FilterBits&) const = default;

 private:
  /// Eight bytes, big endian.
  struct Word {
    std::uint32_t offset = 0;
    std::uint64_t mask = 0, value = 0;

    bool operator==(const Word&) const = default;
  };
  static bool add_to(Word& word, const Word& more);

  std::array<Word, 2> words_;
  std::uint64_t extent_ = 0;  // of the bytes asked for, selected or not
};

}  // namespace pcapml
