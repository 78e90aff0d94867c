// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>

#include "io/read_ahead.h"
#include "pcapml/source.h"

namespace pcapml {

/// A window on a source that grows only as far as bytes really arrive, so that a hostile length allocates
/// no more than about twice what the file holds. A long file is read ahead on a thread of its own.
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
  void fill_ahead(std::size_t n);
  void take_ahead();
  void grow();

  std::unique_ptr<Source> source_;
  std::unique_ptr<std::byte[]> buffer_;
  std::size_t capacity_ = 0;
  std::unique_ptr<std::byte[]> next_;  // the piece that is read ahead, behind room for what is left before it
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::uint64_t offset_ = 0;
  bool at_end_ = false;
  std::unique_ptr<ReadAhead> ahead_;  // last, so that its thread ends first
};

}  // namespace pcapml
