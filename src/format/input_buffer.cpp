// SPDX-License-Identifier: Apache-2.0
#include "format/input_buffer.h"

#include <cstring>

namespace pcapml {
namespace {

constexpr std::size_t kWindow = std::size_t{1} << 20;

}  // namespace

InputBuffer::InputBuffer(std::unique_ptr<Source> source)
    : source_(std::move(source)),
      buffer_(std::make_unique_for_overwrite<std::byte[]>(kWindow)),
      capacity_(kWindow) {}

void InputBuffer::fill(std::size_t n) {
  if (begin_ > 0) {
    std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  while (end_ < n && !at_end_) {
    if (end_ == capacity_) {
      auto larger = std::make_unique_for_overwrite<std::byte[]>(capacity_ * 2);
      std::memcpy(larger.get(), buffer_.get(), end_);
      buffer_ = std::move(larger);
      capacity_ *= 2;
    }
    const std::size_t got = source_->read({buffer_.get() + end_, capacity_ - end_});
    at_end_ = got == 0;
    end_ += got;
  }
  if (end_ == 0) {  // many inputs may stay open after their end
    buffer_.reset();
    capacity_ = 0;
  }
}

}  // namespace pcapml
