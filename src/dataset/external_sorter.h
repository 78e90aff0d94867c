// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <future>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dataset/large_buffer.h"
#include "dataset/run_writer.h"
#include "dataset/temporary_file.h"
#include "pcapml/bytes.h"

namespace pcapml {

/// By what records are ordered: `major`, then `text`, then `minor`, then the order in which they came.
struct SortKey {
  std::uint64_t major = 0;
  std::uint64_t minor = 0;
  std::string_view text = {};  ///< digits without leading zeros, compared as a number; only with kByText

  /// The `major` of all keys that have a text.
  static constexpr std::uint64_t kByText = ~std::uint64_t{0} - 1;
};

/// Sorts any number of records in a fixed amount of memory: what fits is sorted there and written to a
/// temporary file as a run, and in the end the runs are merged. What fits into the memory as a whole takes no
/// temporary file. One record always fits. Sorting and writing of runs have a thread of their own. Throws
/// what TemporaryFile throws. Not thread-safe.
class ExternalSorter {
 public:
  ExternalSorter(std::size_t memory_bytes, std::string directory);
  ~ExternalSorter();
  ExternalSorter(const ExternalSorter&) = delete;
  ExternalSorter& operator=(const ExternalSorter&) = delete;

  /// After some records: all of them will take about so many bytes. A thread then makes pages ready.
  void expect(std::uint64_t bytes);
  /// Adds a record; gives the room for its content, to be filled before the next call.
  std::byte* add(const SortKey& key, std::size_t size);

  struct Record {
    SortKey key;
    Bytes content;
  };
  /// The records in their order, after the last add(); nullptr at the end. A record dies at the next call.
  const Record* next();

  /// What the records so far would take in memory.
  std::uint64_t held_bytes() const { return held_bytes_; }
  /// Whether memory was not enough.
  bool has_spilled() const { return file_ != nullptr; }

 private:
  class Arena;
  class Merger;
  struct Run {
    std::uint64_t begin, end;  // in the file
  };

  void stop_populating();
  void make_room(std::size_t record_size);
  void spill(Arena& arena);
  void wait_for_spill();
  void finish();
  void merge_some();
  std::size_t most_runs() const;
  std::span<std::byte> memory() const;

  std::size_t memory_bytes_;
  std::string directory_;
  LargeBuffer buffer_;
  // Two halves of the buffer: one is filled while a thread sorts and writes the other.
  std::unique_ptr<Arena> arenas_[2];
  std::size_t filling_ = 0;
  std::size_t largest_record_ = 0;
  std::uint64_t held_bytes_ = 0;

  std::unique_ptr<TemporaryFile> file_;
  std::unique_ptr<RunWriter> out_;
  std::vector<Run> runs_;
  std::future<void> spilling_;
  std::atomic<bool> ends_ = false;
  std::future<void> populating_;
  std::unique_ptr<Merger> merger_;
  Record record_;
};

}  // namespace pcapml
