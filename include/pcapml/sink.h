// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "pcapml/bytes.h"

namespace pcapml {

/// Where bytes go. Not thread-safe.
class Sink {
 public:
  virtual ~Sink() = default;
  /// Writes all of it or throws std::system_error.
  virtual void write(Bytes bytes) = 0;
  /// Writes what is held back (the end of a compressed stream, say). Nothing may be written afterwards.
  virtual void finish() {}
};

enum class Compression : unsigned char { none, gzip, zstd, xz, lz4, bzip2 };

/// The compression that a file name asks for: .gz, .zst, .xz, .lz4, .bz2.
Compression compression_of_name(std::string_view path);

/// A sink that compresses into another one, each 4 MiB as a member or frame of its own, so that several
/// threads make the same bytes as one; checksums are always written. Each thread takes 4 MiB, its output, and
/// what the format needs (xz: 94 MiB).
std::unique_ptr<Sink> compress(std::unique_ptr<Sink> into, Compression compression, unsigned threads = 1);

/// Appends to a vector, which it borrows.
std::unique_ptr<Sink> memory_sink(std::vector<std::byte>& into);

}  // namespace pcapml
