// SPDX-License-Identifier: Apache-2.0
#include "dataset/gather.h"

#include <algorithm>
#include <future>

namespace pcapml {
namespace {

constexpr std::size_t kWindowBytes = std::size_t{16} << 20;
/// Gaps between packets are read too, as long as at most half of what is read is a gap: often cheaper than one
/// more system call, and the memory stays bounded.
constexpr std::uint64_t kMaxWaste = 2;
constexpr std::size_t kMaxRead = std::size_t{1} << 20;

/// Some entries that follow each other, with their bytes.
class Window {
 public:
  /// Reads entries from `first` on, at least one; gives the index behind the last one.
  std::size_t fill(const std::vector<IndexEntry>& entries, std::size_t first,
                   const std::vector<std::unique_ptr<IndexedCapture>>& inputs) {
    first_ = first;
    std::size_t bytes = 0;
    std::size_t end = first;
    while (end < entries.size() && (end == first || bytes + entries[end].size <= kWindowBytes)) bytes += entries[end++].size;

    order_.resize(end - first);
    for (std::size_t i = 0; i < order_.size(); ++i) order_[i] = first + i;
    const auto before = [&](std::size_t a, std::size_t b) {
      if (entries[a].input != entries[b].input) return entries[a].input < entries[b].input;
      return entries[a].offset < entries[b].offset;
    };
    if (!std::is_sorted(order_.begin(), order_.end(), before)) std::sort(order_.begin(), order_.end(), before);

    positions_.resize(order_.size());
    used_ = 0;
    for (std::size_t begin = 0; begin < order_.size();) begin = read_run(entries, begin, inputs);
    return end;
  }

  Bytes bytes(const std::vector<IndexEntry>& entries, std::size_t entry) const {
    return {bytes_.get() + positions_[entry - first_], entries[entry].size};
  }
  std::size_t first() const { return first_; }

 private:
  /// Reads packets that lie close together at once; gives the place behind them in order_.
  std::size_t read_run(const std::vector<IndexEntry>& entries, std::size_t begin,
                       const std::vector<std::unique_ptr<IndexedCapture>>& inputs) {
    const IndexEntry& head = entries[order_[begin]];
    std::uint64_t behind = head.offset + head.size;
    std::uint64_t wanted = head.size;
    std::size_t end = begin + 1;
    for (; end < order_.size(); ++end) {
      const IndexEntry& next = entries[order_[end]];
      wanted += next.size;
      const std::uint64_t length = next.offset + next.size - head.offset;
      if (next.input != head.input || length > kMaxRead || length > wanted * kMaxWaste) break;
      behind = std::max(behind, next.offset + next.size);
    }
    const std::size_t length = behind - head.offset;
    reserve(used_ + length);
    for (std::size_t i = begin; i < end; ++i)
      positions_[order_[i] - first_] = used_ + (entries[order_[i]].offset - head.offset);
    inputs[head.input]->access().read_at(head.offset, {bytes_.get() + used_, length});
    used_ += length;
    return end;
  }

  void reserve(std::size_t n) {
    if (n <= capacity_) return;
    const std::size_t larger = std::max(n, capacity_ + capacity_ / 2);
    auto grown = std::make_unique_for_overwrite<std::byte[]>(larger);
    std::copy_n(bytes_.get(), used_, grown.get());
    bytes_ = std::move(grown);
    capacity_ = larger;
  }

  std::size_t first_ = 0;
  std::vector<std::size_t> order_;      // entries in the order in which they lie in the inputs
  std::vector<std::size_t> positions_;  // of each entry's bytes in bytes_
  std::unique_ptr<std::byte[]> bytes_;
  std::size_t used_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace

void gather(const std::vector<IndexEntry>& entries, const std::vector<std::unique_ptr<IndexedCapture>>& inputs,
            const std::function<void(const IndexEntry&, Bytes)>& use) {
  if (entries.empty()) return;
  Window windows[2];
  std::size_t current = 0;
  std::size_t end = windows[current].fill(entries, 0, inputs);
  while (true) {
    Window& window = windows[current];
    Window& next = windows[1 - current];
    std::future<std::size_t> reading;
    if (end < entries.size())
      reading = std::async(std::launch::async, [&, end] { return next.fill(entries, end, inputs); });
    for (std::size_t i = window.first(); i < end; ++i) use(entries[i], window.bytes(entries, i));
    if (!reading.valid()) return;
    end = reading.get();
    current = 1 - current;
  }
}

}  // namespace pcapml
