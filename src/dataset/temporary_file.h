// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "io/file_descriptor.h"
#include "pcapml/sink.h"

namespace pcapml {

/// A file without a name, for what does not fit into memory; the kernel removes it however the program ends.
/// Throws std::system_error that names the directory, and what to do where that is full.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::string directory);

  /// Appends; must not outlive this object.
  std::unique_ptr<Sink> sink();
  void write_at(std::uint64_t offset, Bytes bytes) const;
  /// Thread-safe.
  void read_at(std::uint64_t offset, std::span<std::byte> into) const;

  int descriptor() const { return file_.get(); }
  const std::string& directory() const { return directory_; }

 private:
  std::string directory_;
  FileDescriptor file_;
};

/// Reads from `offset` on; false where the file ends before. `name` is for messages.
bool read_whole(int descriptor, const std::string& name, std::uint64_t offset, std::span<std::byte> into);

/// The directory in which an output's temporary files belong: its own, or the system's for a pipe.
std::string temporary_directory(const std::string& output);

/// Bytes that this user can still write there; nullopt where the file system does not tell.
std::optional<std::uint64_t> free_bytes(const std::string& directory);
/// Whether two paths lie on one file system.
bool share_file_system(const std::string& a, const std::string& b);

}  // namespace pcapml
