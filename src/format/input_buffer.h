// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>

#include "pcapml/source.h"

namespace pcapml {

/// A window on a source that grows only as far as bytes really arrive, so that a hostile length allocates
/// no more than about twice what the file holds.
class InputBuffer {
 public:
  explicit InputBuffer(std::unique_ptr<Source> source);

  /// The next n bytes without consuming them; fewer only where the source ends. Valid until the next peek.
  Bytes peek(std::size_t n) {
    if (end_ - begin_ < n) fill(n);
    return {buffer_.get() + begin_, n < end_ - begin_ ? n : end_ - begin_};
  }
  /// Passes over n bytes that were peeked.
  void consume(std::size_t n) {
    begin_ += n;
    offset_ += n;
  }
  /// Of the next byte, in the uncompressed data.
  std::uint64_t offset() const { return offset_; }

  const Source& source() const { return *source_; }

 private:
  void fill(std::size_t n);
  void grow();

  std::unique_ptr<Source> source_;
  std::unique_ptr<std::byte[]> buffer_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::uint64_t offset_ = 0;
  bool at_end_ = false;
};

}  // namespace pcapml
