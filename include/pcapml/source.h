// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "pcapml/bytes.h"

namespace pcapml {

/// A stream of bytes that is read once, from front to back. Not thread-safe.
class Source {
 public:
  virtual ~Source() = default;

  /// Fills the front of `into`, blocking until there is at least one byte; 0 only at the end. Throws
  /// std::system_error on a failed read, FormatError on damaged compressed data, Interrupted on a signal.
  virtual std::size_t read(std::span<std::byte> into) = 0;

  /// Name for messages: the path, or "standard input".
  virtual const std::string& name() const = 0;

  /// Bytes taken so far from the file underneath (compressed ones, where it is compressed).
  virtual std::uint64_t position() const = 0;
  /// Size of the file underneath; nullopt where it has none (pipe, device).
  virtual std::optional<std::uint64_t> size() const { return std::nullopt; }
};

/// Opens a file, or standard input for "-", and undoes one layer of gzip, zstd, xz, lz4 or bzip2, found by
/// content. Throws std::system_error where the file cannot be opened.
std::unique_ptr<Source> open_source(const std::string& path);

/// Undoes one layer of compression of another source, found by content; plain data passes unchanged.
std::unique_ptr<Source> decompress(std::unique_ptr<Source> source);

/// A source over bytes in memory, which it borrows.
std::unique_ptr<Source> memory_source(Bytes bytes, std::string name = "memory");

}  // namespace pcapml
