// SPDX-License-Identifier: Apache-2.0
#include "dataset/extent_reader.h"

#include <algorithm>
#include <cstring>

namespace pcapml {

void ExtentReader::fill(std::size_t n) {
  const std::size_t left = last_ - first_;
  if (n > window_.size()) {
    std::vector<std::byte> larger(n);
    std::memcpy(larger.data(), window_.data() + first_, left);
    large_ = std::move(larger);
    window_ = large_;
  } else if (!large_.empty() && n <= buffer_.size() && left <= buffer_.size()) {
    std::memcpy(buffer_.data(), window_.data() + first_, left);
    window_ = buffer_;
    large_ = {};
  } else {
    std::memmove(window_.data(), window_.data() + first_, left);
  }
  first_ = 0;
  const auto more = static_cast<std::size_t>(std::min<std::uint64_t>(window_.size() - left, end_ - next_));
  file_->read_at(next_, window_.subspan(left, more));
  next_ += more;
  last_ = left + more;
}

}  // namespace pcapml
