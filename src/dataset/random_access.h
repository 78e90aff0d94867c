// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>

#include "dataset/temporary_file.h"
#include "io/file_descriptor.h"
#include "pcapml/source.h"

namespace pcapml {

/// An input that is read once from front to back and then again at any place. A plain file is read where it
/// lies; a pipe or a compressed file is copied, uncompressed, into an unnamed temporary file on the way.
class RandomAccess {
 public:
  /// The temporary file, where one is needed, lies in `directory`.
  RandomAccess(const std::string& path, const std::string& directory);

  /// The source for the first reading; call once. It must not outlive this object.
  std::unique_ptr<Source> first_reading();

  /// Reads from `offset` on. Thread-safe. Throws FormatError where the file has become shorter.
  void read_at(std::uint64_t offset, std::span<std::byte> into) const;

  const std::string& name() const { return name_; }

 private:
  class Tee;

  std::string name_;
  std::unique_ptr<Source> source_;
  FileDescriptor file_;                // of a plain file
  std::optional<TemporaryFile> copy_;  // of any other
};

/// Whether an input is a regular file that holds a capture as it is, not compressed.
bool is_plain_capture(const std::string& path);

}  // namespace pcapml
