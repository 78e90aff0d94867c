// SPDX-License-Identifier: Apache-2.0
#include "format/input_buffer.h"

#include <algorithm>
#include <cstring>

namespace pcapml {
namespace {

constexpr std::size_t kWindow = std::size_t{1} << 20;
/// Room before a piece that was read ahead, for what is left of the one before.
constexpr std::size_t kHeadroom = std::size_t{256} << 10;
/// Below this the work is done before a second thread is of use.
constexpr std::size_t kLongFile = 4 * kWindow;

}  // namespace

InputBuffer::InputBuffer(std::unique_ptr<Source> source) : source_(std::move(source)) {
  const auto size = source_->size();
  if (!size || *size < kLongFile) return;
  next_ = std::make_unique_for_overwrite<std::byte[]>(kHeadroom + kWindow);
  ahead_ = std::make_unique<ReadAhead>(*source_);
  ahead_->start({next_.get() + kHeadroom, kWindow});
}

void InputBuffer::fill(std::size_t n) {
  if (ahead_) return fill_ahead(n);
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

void InputBuffer::fill_ahead(std::size_t n) {
  while (end_ - begin_ < n && !at_end_) take_ahead();
  if (!at_end_) return;
  ahead_.reset();  // many inputs may stay open after their end
  next_.reset();
  if (begin_ == end_) {
    buffer_.reset();
    capacity_ = begin_ = end_ = 0;
  }
}

/// Appends the piece that was read ahead, by taking its buffer, or, where too much is left of the one before,
/// by copying it; then starts with the next one.
void InputBuffer::take_ahead() {
  const std::size_t got = ahead_->wait();
  at_end_ = got == 0;
  if (at_end_) return;
  const std::size_t left = end_ - begin_;
  if (left <= kHeadroom) {
    if (left > 0) std::memcpy(next_.get() + kHeadroom - left, buffer_.get() + begin_, left);
    buffer_.swap(next_);
    if (capacity_ != kHeadroom + kWindow)
      next_ = std::make_unique_for_overwrite<std::byte[]>(kHeadroom + kWindow);
    capacity_ = kHeadroom + kWindow;
    begin_ = kHeadroom - left;
    end_ = kHeadroom + got;
  } else {
    if (capacity_ - end_ < got) {
      const std::size_t larger = std::max(capacity_ * 2, left + got);
      auto bytes = std::make_unique_for_overwrite<std::byte[]>(larger);
      std::memcpy(bytes.get(), buffer_.get() + begin_, left);
      buffer_ = std::move(bytes);
      capacity_ = larger;
      begin_ = 0;
      end_ = left;
    }
    std::memcpy(buffer_.get() + end_, next_.get() + kHeadroom, got);
    end_ += got;
  }
  ahead_->start({next_.get() + kHeadroom, kWindow});
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
