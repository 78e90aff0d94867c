// SPDX-License-Identifier: Apache-2.0
#include "net/sparse_bytes.h"

#include <algorithm>
#include <span>

namespace pcapml {
namespace {

constexpr std::size_t kMostRanges = 256;

}  // namespace

bool SparseBytes::add(std::uint64_t offset, Bytes bytes) {
  if (offset > limit_ || bytes.size() > limit_ - offset) return false;
  if (bytes.empty()) return true;
  const auto begin = static_cast<std::size_t>(offset), end = begin + bytes.size();
  const auto first = std::ranges::lower_bound(ranges_, begin, {}, &Range::end);
  auto last = first;
  Range merged{begin, end};
  if (bytes_.size() < end) bytes_.resize(end);
  const std::span canvas(bytes_);
  std::size_t at = begin;  // before: copied, or there already
  for (; last != ranges_.end() && last->begin <= end; ++last) {
    if (at < last->begin)
      std::ranges::copy(as_text(bytes).substr(at - begin, last->begin - at), canvas.subspan(at).begin());
    at = std::max(at, std::min(last->end, end));
    merged = {std::min(merged.begin, last->begin), std::max(merged.end, last->end)};
  }
  if (first == last && ranges_.size() >= kMostRanges) return false;
  if (at < end) std::ranges::copy(as_text(bytes).substr(at - begin), canvas.subspan(at).begin());
  if (first == last) {
    ranges_.insert(first, merged);
  } else {
    *first = merged;
    ranges_.erase(first + 1, last);
  }
  return true;
}

Bytes SparseBytes::prefix() const {
  if (ranges_.empty() || ranges_.front().begin != 0) return {};
  return as_bytes(bytes_).first(ranges_.front().end);
}

void SparseBytes::clear() {
  bytes_.clear();
  ranges_.clear();
}

}  // namespace pcapml
