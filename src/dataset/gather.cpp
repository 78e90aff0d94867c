// SPDX-License-Identifier: Apache-2.0
#include "dataset/gather.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <future>
#include <thread>

#include "dataset/large_buffer.h"
#include "io/interrupt.h"

namespace pcapml {
namespace {

/// So much suffices where the packets lie in the inputs almost as they are wanted.
constexpr std::size_t kDenseBytes = std::size_t{4} << 20;
/// A gap between two packets up to here is read and dropped: that costs less than one more system call.
constexpr std::uint64_t kMaxGap = 8192;
/// Packets that are copied out of one read should still be in the processor's cache.
constexpr std::uint64_t kMaxRead = std::uint64_t{1} << 18;
constexpr std::uint64_t kMaxBuckets = std::uint64_t{1} << 16;

/// Where a packet lies and where it goes.
struct Piece {
  std::uint64_t offset;
  std::uint32_t input;
  std::uint32_t size;
  std::size_t to;  ///< in the window
};

/// The part of one input that a window needs.
struct Span {
  std::uint64_t begin = ~std::uint64_t{0};
  std::uint64_t end = 0;
  std::uint64_t base = 0;  ///< number of `begin` when all spans are laid one behind the other
  std::uint64_t size() const { return end > begin ? end - begin : 0; }
};

/// Some entries that follow each other, with their bytes in the same order.
class Window {
 public:
  Window(const std::vector<std::unique_ptr<IndexedCapture>>& inputs, std::size_t memory_bytes,
         unsigned threads)
      : inputs_(inputs),
        memory_bytes_(memory_bytes),
        readers_(std::clamp(threads == 0 ? std::thread::hardware_concurrency() : threads, 1U, 4U)) {}

  /// Reads entries from `first` on, at least one; gives the index behind the last one.
  std::size_t fill(std::span<const IndexEntry> entries, std::size_t first) {
    const std::size_t end = choose(entries, first);
    group(entries, first, end);
    next_bucket_ = 0;
    std::vector<std::future<void>> others;
    const std::size_t useful = std::min<std::size_t>(readers_, bucket_ends_.size() / 16);
    for (std::size_t i = 1; i < useful; ++i)
      others.push_back(std::async(std::launch::async, watching([this] { read_buckets(); })));
    read_buckets();
    for (auto& other : others) other.get();
    return end;
  }

  const std::byte* bytes() const { return bytes_.get(); }

 private:
  /// As many entries as fit, pieces included; gives the index behind the last one.
  std::size_t choose(std::span<const IndexEntry> entries, std::size_t first) {
    spans_.assign(inputs_.size(), {});
    std::size_t bytes = 0;
    std::uint64_t spanned = 0;
    std::size_t end = first;
    for (; end < entries.size(); ++end) {
      const IndexEntry& entry = entries[end];
      const std::size_t used = bytes + (end - first) * sizeof(Piece);
      if (end > first && used + entry.size + sizeof(Piece) > memory_bytes_) break;
      if (used > kDenseBytes && spanned < bytes + bytes / 4) break;
      Span& span = spans_[entry.input];
      spanned -= span.size();
      span.begin = std::min(span.begin, entry.offset);
      span.end = std::max(span.end, entry.offset + entry.size);
      spanned += span.size();
      bytes += entry.size;
    }
    bytes_.reserve(bytes);
    return end;
  }

  /// Distributes the entries over buckets that follow each other in the inputs.
  void group(std::span<const IndexEntry> entries, std::size_t first, std::size_t end) {
    std::uint64_t total = 0;
    for (Span& span : spans_) {
      span.base = total;
      total += span.size();
    }
    std::uint64_t bucket_size = kMaxRead;
    while (total / bucket_size > kMaxBuckets) bucket_size *= 2;
    const int shift = std::countr_zero(bucket_size);
    const auto bucket = [&](const IndexEntry& entry) {
      const Span& span = spans_[entry.input];
      return static_cast<std::size_t>((span.base + (entry.offset - span.begin)) >> shift);
    };
    bucket_ends_.assign(static_cast<std::size_t>(total >> shift) + 2, 0);
    for (std::size_t i = first; i < end; ++i) ++bucket_ends_[bucket(entries[i]) + 1];
    for (std::size_t i = 1; i < bucket_ends_.size(); ++i) bucket_ends_[i] += bucket_ends_[i - 1];
    if (pieces_.capacity() < end - first) pieces_ = {};  // not both at a time
    pieces_.resize(end - first);
    std::size_t to = 0;
    for (std::size_t i = first; i < end; ++i) {
      const IndexEntry& entry = entries[i];
      pieces_[bucket_ends_[bucket(entry)]++] = {entry.offset, entry.input, entry.size, to};
      to += entry.size;
    }
  }

  void read_buckets() {
    std::vector<std::byte> buffer;
    for (std::size_t i = next_bucket_++; i < bucket_ends_.size(); i = next_bucket_++) {
      check_interrupt();
      const std::span<Piece> bucket(pieces_.data() + (i == 0 ? 0 : bucket_ends_[i - 1]),
                                    pieces_.data() + bucket_ends_[i]);
      const auto before = [](const Piece& a, const Piece& b) {
        return a.input != b.input ? a.input < b.input : a.offset < b.offset;
      };
      if (!std::is_sorted(bucket.begin(), bucket.end(), before))
        std::sort(bucket.begin(), bucket.end(), before);
      for (std::span<Piece> rest = bucket; !rest.empty();) rest = rest.subspan(read_run(rest, buffer));
    }
  }

  /// Reads the first pieces, those that lie close together, at once; gives their number.
  std::size_t read_run(std::span<const Piece> pieces, std::vector<std::byte>& buffer) {
    const Piece& head = pieces.front();
    std::uint64_t behind = head.offset + head.size;
    bool in_order = true;  // so that they can be read to where they go
    std::size_t count = 1;
    for (; count < pieces.size(); ++count) {
      const Piece& piece = pieces[count];
      if (piece.input != head.input || piece.offset > behind + kMaxGap ||
          piece.offset + piece.size > head.offset + kMaxRead)
        break;
      in_order = in_order && piece.offset == behind && piece.to - head.to == piece.offset - head.offset;
      behind = std::max(behind, piece.offset + piece.size);
    }
    const auto size = static_cast<std::size_t>(behind - head.offset);
    const RandomAccess& access = inputs_[head.input]->access();
    if (in_order) {
      access.read_at(head.offset, {bytes_.get() + head.to, size});
      return count;
    }
    if (buffer.size() < size) buffer.resize(kMaxRead);
    access.read_at(head.offset, {buffer.data(), size});
    for (const Piece& piece : pieces.first(count))
      std::copy_n(buffer.data() + (piece.offset - head.offset), piece.size, bytes_.get() + piece.to);
    return count;
  }

  const std::vector<std::unique_ptr<IndexedCapture>>& inputs_;
  std::size_t memory_bytes_;
  unsigned readers_;
  std::vector<Span> spans_;  // of each input
  std::vector<Piece> pieces_;
  std::vector<std::size_t> bucket_ends_;  // in pieces_
  std::atomic<std::size_t> next_bucket_ = 0;
  LargeBuffer bytes_;
};

}  // namespace

void gather(std::span<const IndexEntry> entries, const std::vector<std::unique_ptr<IndexedCapture>>& inputs,
            const std::function<void(const IndexEntry&, Bytes)>& use, std::size_t memory_bytes,
            unsigned threads) {
  Window window(inputs, memory_bytes, threads);
  for (std::size_t next = 0; next < entries.size();) {
    const std::size_t end = window.fill(entries, next);
    const std::byte* at = window.bytes();
    for (; next < end; ++next) {
      use(entries[next], {at, entries[next].size});
      at += entries[next].size;
    }
  }
}

}  // namespace pcapml
