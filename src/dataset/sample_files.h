// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <future>
#include <memory>
#include <string>
#include <vector>

#include "io/appender.h"
#include "pcapml/bytes.h"

namespace pcapml {

/// One of many files that grow side by side; what is not yet written waits in memory.
class SampleFile final : public Appender {
 public:
  /// What the buffers of all files hold, and what they take.
  struct Waiting {
    std::size_t used = 0;
    std::size_t capacity = 0;
  };
  SampleFile(std::string name, Waiting& waiting) : name_(std::move(name)), waiting_(waiting) {}

  std::byte* append(std::size_t n) override;
  const std::string& name() const { return name_; }

 private:
  friend class SampleFiles;

  std::string name_;
  Waiting& waiting_;
  std::unique_ptr<std::byte[]> buffer_;
  std::size_t used_ = 0;
  std::size_t capacity_ = 0;
};

/// Any number of files in one directory, with few of them open at a time: bytes are gathered for all of them
/// in a fixed amount of memory, then written file by file on a thread of its own.
class SampleFiles {
 public:
  /// `directory` is a descriptor that it borrows; `path` is for messages.
  /// Buffers take at most `memory_bytes`, twice: while one batch is gathered, another one is written.
  SampleFiles(int directory, std::string path, std::size_t memory_bytes)
      : directory_(directory), path_(std::move(path)), memory_bytes_(memory_bytes) {}
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
  struct Piece {
    std::string name;
    std::unique_ptr<std::byte[]> bytes;
    std::size_t size;
  };

  void start_batch();

  int directory_;
  std::string path_;
  std::size_t memory_bytes_;
  std::vector<std::unique_ptr<SampleFile>> files_;
  SampleFile::Waiting waiting_;
  std::future<void> batch_;
};

}  // namespace pcapml
