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
  /// Takes an open file; `name` is for messages. Touches nothing.
  LiveFile(FileDescriptor file, std::string name);

  /// Empties the file: from now on it is ours.
  void begin();
  /// Closes the file, and goes on in another one, which is empty. Throws as flush().
  void go_on_in(FileDescriptor file, std::string name);
  std::byte* append(std::size_t n) override;
  /// Hands everything to the system; throws std::system_error.
  void flush();
  /// Size of the current file.
  std::uint64_t position() const { return written_ + used_; }

 private:
  bool is_given_up();
  [[noreturn]] void fail(std::size_t done, int error);

  FileDescriptor file_;
  std::string name_;
  std::vector<std::byte> buffer_;
  std::size_t used_ = 0;
  std::uint64_t written_ = 0;
  bool is_regular_ = false;
  int interrupts_ = 0;
};

}  // namespace pcapml
