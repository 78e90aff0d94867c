// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "dataset/block_spool.h"
#include "dataset/capture_input.h"
#include "dataset/column.h"
#include "dataset/random_access.h"

namespace pcapml {

/// Where a packet lies and by what it is ordered; 32 bytes, the only memory that grows with the input.
struct IndexEntry {
  std::int64_t timestamp_ns;
  std::uint64_t offset;     ///< of its block in its input
  std::uint32_t size;       ///< of the block
  std::uint32_t sample;     ///< index into the input's samples, or kNoSample
  std::uint32_t interface;  ///< index into its reader's interfaces
  std::uint32_t input;      ///< which input
};
static_assert(sizeof(IndexEntry) == 32);

inline constexpr std::uint32_t kNoSample = 0xffffffff;

/// The distinct sample ids of an input, as numbers: `007` is `7`.
class SampleIds {
 public:
  std::uint32_t intern(std::string_view digits);
  std::size_t size() const { return ids_.size(); }
  /// An upper bound of what is held, and of what ranks() takes.
  std::size_t memory_bytes() const { return ids_.size() * 160 + text_bytes_; }
  /// For each sample its place in numeric order.
  std::vector<std::uint32_t> ranks() const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  struct Id {
    std::string_view text;  // of one that 64 bits do not hold, a key of long_ids_; empty otherwise
    std::uint64_t number;
  };
  struct Slot {
    std::uint64_t number;
    std::uint32_t place;  // its index + 1; 0: free
  };

  std::uint32_t intern_number(std::uint64_t number);
  std::uint32_t intern_text(std::string_view id);
  Slot& slot_of(std::uint64_t number);

  std::vector<Slot> slots_;  // open addressing, for what one look into memory shall find
  std::unordered_map<std::string, std::uint32_t, Hash, std::equal_to<>> long_ids_;
  std::vector<Id> ids_;
  std::size_t text_bytes_ = 0;
  std::string last_;
  std::uint32_t last_index_ = kNoSample;
};

/// One input, read once to its end, then again at any place.
class IndexedCapture {
 public:
  IndexedCapture(const std::string& path, const InputOptions& options, const std::string& directory)
      : access_(path, directory), input_(access_.first_reading(), options), blocks_(directory) {}

  /// Reads to the end and adds an entry for each packet. `number` is what their `input` becomes.
  void index(Column<IndexEntry>& entries, std::uint32_t number) {
    while (index_some(entries, number)) {
    }
  }
  /// The same for some of the packets; false at the end.
  bool index_some(Column<IndexEntry>& entries, std::uint32_t number);

  const CaptureInput& input() const { return input_; }
  Reader& reader() { return input_.reader(); }
  const RandomAccess& access() const { return access_; }
  const SampleIds& samples() const { return samples_; }
  BlockSpool& blocks() { return blocks_; }

 private:
  RandomAccess access_;
  CaptureInput input_;
  SampleIds samples_;
  BlockSpool blocks_;
  std::uint32_t first_interface_ = 0;  // of the section
};

}  // namespace pcapml
