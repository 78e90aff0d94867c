// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "io/appender.h"
#include "io/file_descriptor.h"

namespace pcapml {

/// A capture file that is whole at any moment: each append() is one pcapng block, and only whole blocks are
/// handed to the system. Where writing fails, the file is cut behind its last whole block.
class LiveFile final : public Appender {
 public:
  /// Opens `path` ("-": standard output) without touching what it holds. Throws std::system_error.
  explicit LiveFile(std::string path);
  /// Removes the file again where begin() was not reached and it was not there before.
  ~LiveFile() override;

  /// Empties the file: from now on it is ours.
  void begin();
  std::byte* append(std::size_t n) override;
  /// Hands everything to the system; throws std::system_error.
  void flush();
  std::uint64_t position() const { return written_ + used_; }

 private:
  [[noreturn]] void fail(std::size_t done, int error);

  std::string path_;
  FileDescriptor file_;
  std::vector<std::byte> buffer_;
  std::size_t used_ = 0;
  std::uint64_t written_ = 0;
  bool is_regular_ = false;
  bool was_there_ = false;
  bool has_begun_ = false;
};

}  // namespace pcapml
