// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "dataset/temporary_file.h"
#include "pcapml/bytes.h"

namespace pcapml {

/// Reads a part of a temporary file from front to back through a buffer that it borrows; what does not fit
/// into that gets one of its own for the time.
class ExtentReader {
 public:
  ExtentReader(const TemporaryFile& file, std::uint64_t begin, std::uint64_t end, std::span<std::byte> buffer)
      : file_(&file), next_(begin), end_(end), buffer_(buffer), window_(buffer) {}

  bool at_end() const { return first_ == last_ && next_ == end_; }
  /// The next n bytes, which have to be there; valid until the next peek.
  const std::byte* peek(std::size_t n) {
    if (last_ - first_ < n) fill(n);
    return window_.data() + first_;
  }
  void consume(std::size_t n) { first_ += n; }

 private:
  void fill(std::size_t n);

  const TemporaryFile* file_;
  std::uint64_t next_;
  std::uint64_t end_;
  std::span<std::byte> buffer_;
  std::span<std::byte> window_;  // buffer_, or large_
  std::vector<std::byte> large_;
  std::size_t first_ = 0, last_ = 0;  // what is left of the window
};

}  // namespace pcapml
