// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>

#include "dataset/large_buffer.h"
#include "dataset/temporary_file.h"
#include "pcapml/bytes.h"

namespace pcapml {

/// Writes a temporary file from front to back. Its buffer is no memory of malloc(), which would keep some for
/// each thread that ever wrote.
class RunWriter {
 public:
  explicit RunWriter(const TemporaryFile& file) : file_(file), buffer_(kSize) {}

  void write(Bytes bytes) {
    if (bytes.size() > kSize - used_) flush();
    if (bytes.size() > kSize) {
      file_.write_at(written_, bytes);
      written_ += bytes.size();
    } else {
      std::memcpy(buffer_.get() + used_, bytes.data(), bytes.size());
      used_ += bytes.size();
    }
  }
  /// Where the next byte will stand.
  std::uint64_t position() const { return written_ + used_; }
  /// Afterwards the file has all.
  void flush() {
    file_.write_at(written_, {buffer_.get(), used_});
    written_ += used_;
    used_ = 0;
  }

 private:
  static constexpr std::size_t kSize = std::size_t{256} << 10;

  const TemporaryFile& file_;
  LargeBuffer buffer_;
  std::size_t used_ = 0;
  std::uint64_t written_ = 0;
};

}  // namespace pcapml
