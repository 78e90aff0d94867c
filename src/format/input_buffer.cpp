// SPDX-License-Identifier: Apache-2.0
#include "format/input_buffer.h"

#include <algorithm>
#include <cstring>

namespace pcapml {
namespace {

constexpr std::size_t kWindow = std::size_t{1} << 18;  // stays in the cache until it is written

}  // namespace

InputBuffer::InputBuffer(std::unique_ptr<Source> source) : source_(std::move(source)) {}

void InputBuffer::fill(std::size_t n) {
  if (begin_ > 0) {
    std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  while (end_ < n && !at_end_) {
    const bool more_than_file = offset_ + end_ >= capacity_;  // it is compressed
    if (end_ == capacity_ || (capacity_ < kWindow && more_than_file)) grow();
    const std::size_t got = source_->read({buffer_.get() + end_, capacity_ - end_});
    at_end_ = got == 0;
    end_ += got;
  }
}

void InputBuffer::grow() {
  std::size_t larger = std::max(kWindow, capacity_ * 2);
  // A small file needs no more than itself, and room to see its end.
  if (const auto size = source_->size(); capacity_ == 0 && size && *size < kWindow) larger = *size + 1;
  auto bytes = std::make_unique_for_overwrite<std::byte[]>(larger);
  if (end_ > 0) std::memcpy(bytes.get(), buffer_.get(), end_);
  buffer_ = std::move(bytes);
  capacity_ = larger;
}

}  // namespace pcapml
