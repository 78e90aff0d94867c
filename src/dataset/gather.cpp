// SPDX-License-Identifier: Apache-2.0
#include "dataset/gather.h"

#include <algorithm>
#include <future>

namespace pcapml {
namespace {

constexpr std::size_t kWindowBytes = std::size_t{64} << 20;
/// A gap between two packets up to here is read and dropped: that costs less than one more system call.
constexpr std::uint64_t kMaxGap = 8192;
constexpr std::uint64_t kMaxRead = std::uint64_t{1} << 20;

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
    if (bytes > capacity_) {
      bytes_ = std::make_unique_for_overwrite<std::byte[]>(bytes);
      capacity_ = bytes;
    }
    std::byte* to = bytes_.get();
    for (std::size_t begin = 0; begin < order_.size();) begin = read_run(entries, begin, inputs, to);
    return end;
  }

  Bytes bytes(const std::vector<IndexEntry>& entries, std::size_t entry) const {
    return {bytes_.get() + positions_[entry - first_], entries[entry].size};
  }
  std::size_t first() const { return first_; }

 private:
  /// Reads packets that lie close together at once, to `to`; gives the place behind them in order_.
  std::size_t read_run(const std::vector<IndexEntry>& entries, std::size_t begin,
                       const std::vector<std::unique_ptr<IndexedCapture>>& inputs, std::byte*& to) {
    const IndexEntry& head = entries[order_[begin]];
    std::uint64_t behind = head.offset;
    pieces_.clear();
    std::size_t end = begin;
    for (; end < order_.size(); ++end) {
      const IndexEntry& entry = entries[order_[end]];
      if (entry.input != head.input || entry.offset > behind + kMaxGap ||
          (end > begin && entry.offset + entry.size > head.offset + kMaxRead))
        break;
      positions_[order_[end] - first_] = static_cast<std::size_t>(to - bytes_.get());
      if (entry.offset == behind && end > begin) {
        pieces_.back().iov_len += entry.size;
      } else {
        if (end > begin) pieces_.push_back({gap_, entry.offset - behind});
        pieces_.push_back({to, entry.size});
      }
      to += entry.size;
      behind = entry.offset + entry.size;
    }
    inputs[head.input]->access().read_at(head.offset, pieces_);
    return end;
  }

  std::size_t first_ = 0;
  std::vector<std::size_t> order_;      // entries in the order in which they lie in the inputs
  std::vector<std::size_t> positions_;  // of each entry's bytes in bytes_
  std::unique_ptr<std::byte[]> bytes_;
  std::size_t capacity_ = 0;
  std::vector<iovec> pieces_;
  std::byte gap_[kMaxGap];  // what lies between packets goes here
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
