// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

#include "pcapml/bytes.h"
#include "pcapml/cursor.h"

namespace pcapml {

/// The ones' complement sum of RFC 1071, in the machine's byte order (its section 2(B)), 64 bits at a time.
///
/// Pieces may be added in any order as long as each begins at an even offset of what is summed.
class InternetSum {
 public:
  void add(Bytes bytes) {
    Cursor at(bytes, kNativeOrder);
    // Carries are counted apart, so that four additions need not wait for each other.
    std::uint64_t a = 0, b = 0, c = 0, d = 0, carries = 0;
    std::uint64_t w0 = 0, w1 = 0, w2 = 0, w3 = 0;
    const auto accumulate = [&carries](std::uint64_t& sum, std::uint64_t word) {
      carries += __builtin_add_overflow(sum, word, &sum) ? 1u : 0u;
    };
    while (at.remaining() >= 32) {
      at.read(w0, w1, w2, w3);
      accumulate(a, w0);
      accumulate(b, w1);
      accumulate(c, w2);
      accumulate(d, w3);
    }
    while (at.remaining() >= 8) {
      at.read(w0);
      accumulate(a, w0);
    }
    if (const Bytes rest = at.rest(); !rest.empty()) {
      w0 = 0;
      std::memcpy(&w0, rest.data(), rest.size());
      accumulate(a, w0);
    }
    for (const std::uint64_t part : {a, b, c, d, carries}) add_word(part);
  }

  /// A number that stands in network byte order in what is summed.
  void add_be32(std::uint32_t value) {
    add_word(std::endian::native == std::endian::big ? value : __builtin_bswap32(value));
  }

  /// As the two bytes lie in memory; 0 only for a sum of nothing but zeros.
  std::uint16_t folded() const {
    std::uint64_t sum = (sum_ >> 32) + (sum_ & 0xffffffff);
    sum = (sum >> 32) + (sum & 0xffffffff);
    sum = (sum >> 16) + (sum & 0xffff);
    return static_cast<std::uint16_t>((sum >> 16) + (sum & 0xffff));
  }
  /// What a checksum field has to hold where it counted as zero in the sum.
  std::uint16_t checksum() const { return static_cast<std::uint16_t>(~folded()); }

 private:
  void add_word(std::uint64_t word) {
    if (__builtin_add_overflow(sum_, word, &sum_)) ++sum_;
  }

  std::uint64_t sum_ = 0;
};

}  // namespace pcapml
