// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "pcapml/bytes.h"

namespace pcapml {

/// A message that arrives in pieces, in any order, with gaps; what came first stays.
class SparseBytes {
 public:
  explicit SparseBytes(std::size_t limit) : limit_(limit) {}

  /// Copies a piece. False, and nothing taken, where it would end past the limit or leave too many gaps.
  bool add(std::uint64_t offset, Bytes bytes);
  /// From the first byte to the first gap. Borrows until the next call.
  Bytes prefix() const;
  void clear();

  std::size_t memory() const { return bytes_.capacity() + ranges_.capacity() * sizeof(Range); }

 private:
  struct Range {
    std::size_t begin, end;
  };

  std::string bytes_;
  std::vector<Range> ranges_;  ///< present; in order, apart from each other
  std::size_t limit_;
};

}  // namespace pcapml
