// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "dataset/column.h"
#include "dataset/large_buffer.h"
#include "io/appender.h"
#include "pcapml/bytes.h"

namespace pcapml {

class SampleFiles;

/// One of many files that grow side by side; what is not yet written waits in memory.
class SampleFile final : public Appender {
 public:
  SampleFile(std::string name, SampleFiles& files) : name_(std::move(name)), files_(files) {}

  std::byte* append(std::size_t n) override;
  const std::string& name() const { return name_; }

 private:
  friend class SampleFiles;

  std::string name_;
  SampleFiles& files_;
  std::uint64_t batch_ = 0;   // that it has bytes in
  std::uint32_t number_ = 0;  // in that batch
};

/// Any number of files in one directory, with few of them open at a time. What is appended to any of them is
/// laid one behind the other in a fixed amount of memory; a thread then writes it, file by file.
class SampleFiles {
 public:
  /// `directory` is a descriptor that it borrows; `path` is for messages.
  /// Takes at most `memory_bytes`, twice: while one batch is gathered, another one is written.
  SampleFiles(int directory, std::string path, std::size_t memory_bytes);
  ~SampleFiles();
  SampleFiles(const SampleFiles&) = delete;
  SampleFiles& operator=(const SampleFiles&) = delete;

  /// A new file, or one that was forgotten, to be written on at its end.
  SampleFile& open(const std::string& name);
  /// Begins to write everything that waits, and forgets all files.
  void forget();
  /// Writes what waits, where that has become too much. Throws what went wrong with the batch before.
  void write_some();
  /// Writes everything and waits for it.
  void finish();

 private:
  friend class SampleFile;

  /// Bytes that follow each other in memory and in a file.
  struct Piece {
    std::byte* bytes;
    std::uint32_t size;
    std::uint32_t file;  // its number in the batch
  };

  struct Batch {
    std::vector<std::string> names;  // of files, by number
    Column<Piece> pieces;            // as they came
    LargeBuffer bytes;
    std::size_t used = 0;             // of `bytes`
    std::vector<LargeBuffer> larger;  // each for what did not fit
    std::size_t larger_bytes = 0;
    std::vector<std::uint32_t> order;     // pieces file by file, each file's in their order
    std::vector<std::uint32_t> ends;      // of each file, in `order`
    std::atomic<std::uint32_t> next = 0;  // file to be written

    std::size_t memory_bytes() const;
    std::byte* add(std::size_t n);
    void arrange();
    void clear();
  };

  std::byte* append(SampleFile& file, std::size_t n);
  void start_batch();
  /// Writes files of it; so may several threads at once.
  void write(Batch& batch) const;

  int directory_;
  std::string path_;
  std::size_t memory_bytes_;
  std::vector<std::unique_ptr<SampleFile>> files_;
  Batch batches_[2];
  std::uint64_t gathering_ = 1;  // number of the batch; it is in batches_[number % 2]
  std::future<void> writing_;
};

inline std::byte* SampleFile::append(std::size_t n) { return files_.append(*this, n); }

}  // namespace pcapml
