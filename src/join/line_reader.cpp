// SPDX-License-Identifier: Apache-2.0
#include "join/line_reader.h"

#include <fmt/format.h>

#include <cstring>

#include "join/bad_record.h"

namespace pcapml {
namespace {

constexpr std::size_t kFirstBuffer = std::size_t{256} << 10;

}  // namespace

bool LineReader::fill() {
  if (at_end_) return false;
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == buffer_.size()) buffer_.resize(buffer_.empty() ? kFirstBuffer : buffer_.size() * 2);
  const std::size_t got = source_->read(std::as_writable_bytes(std::span(buffer_).subspan(end_)));
  end_ += got;
  at_end_ = got == 0;
  return !at_end_;
}

std::string_view LineReader::take(std::size_t size, std::size_t end_size) {
  std::string_view line(buffer_.data() + begin_, size);
  begin_ += size + end_size;
  if (line.ends_with('\r')) line.remove_suffix(1);
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  if (line_ == 1 && line.starts_with(kMark)) line.remove_prefix(kMark.size());
  return line;
}

void LineReader::skip_rest_of_line() {
  do {
    const void* found = end_ > begin_ ? std::memchr(buffer_.data() + begin_, '\n', end_ - begin_) : nullptr;
    if (found != nullptr) {
      begin_ = static_cast<std::size_t>(static_cast<const char*>(found) - buffer_.data()) + 1;
      return;
    }
    begin_ = end_ = 0;
  } while (fill());
}

std::optional<char> LineReader::peek() {
  if (begin_ == end_ && !fill()) return std::nullopt;
  return buffer_[begin_];
}

std::optional<std::string_view> LineReader::next() {
  std::size_t searched = 0;
  for (;;) {
    const char* from = buffer_.data() + begin_;
    const std::size_t there = end_ - begin_;
    const void* found = there > searched ? std::memchr(from + searched, '\n', there - searched) : nullptr;
    if (found != nullptr) {
      ++line_;
      return take(static_cast<std::size_t>(static_cast<const char*>(found) - from), 1);
    }
    searched = there;
    if (there > kLongestLine) {
      ++line_;
      skip_rest_of_line();
      throw BadRecord(line_, fmt::format("the line is longer than {} bytes", kLongestLine));
    }
    if (!fill()) break;
  }
  if (begin_ == end_) return std::nullopt;
  ++line_;
  return take(end_ - begin_, 0);
}

}  // namespace pcapml
