// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "pcapml/bytes.h"
#include "pcapml/sink.h"

namespace pcapml {

// Every format goes through its own library. Measured with libarchive 3.6.2, whose filters would be one way
// for all: gzip's CRC is not checked; trailing zeros pass in xz, any trailing junk in lz4 and bzip2 (in lz4
// it even counts as consumed); where data is damaged, up to 128 KiB that were decoded before are lost; what
// it writes as zstd has no checksum; and linking it costs 1.2 ms at each start.

/// One format's decompressor, driven by DecompressedSource. Not thread-safe.
class Decoder {
 public:
  struct Step {
    std::size_t taken = 0;  ///< bytes of the input that are done with
    std::size_t made = 0;   ///< bytes written to the front of the output; good even beside damage
    std::string damage;     ///< what is wrong with the data; empty while nothing is
  };

  virtual ~Decoder() = default;

  /// Goes on with `in`, which may be empty; taking and making nothing asks for more input.
  virtual Step decode(Bytes in, std::span<std::byte> out) = 0;

  /// Whether the data may end here, or a new member begin: all that began has ended, with its checksum.
  virtual bool between_members() const = 0;
};

/// One format's compressor, driven by compress(). Not thread-safe. Throws std::bad_alloc.
class Encoder {
 public:
  struct Step {
    std::size_t taken = 0;
    std::size_t made = 0;
    bool ended = false;  ///< `end` was asked for and all is written
  };

  virtual ~Encoder() = default;

  /// Goes on with `in`; `end` says that no more will come, and then in is empty. `out` has room() bytes or
  /// more.
  virtual Step encode(Bytes in, std::span<std::byte> out, bool end) = 0;

  /// The least space that encode() must find.
  virtual std::size_t room() const { return 1; }
};

std::unique_ptr<Decoder> gzip_decoder();
std::unique_ptr<Decoder> zstd_decoder();
std::unique_ptr<Decoder> xz_decoder();
std::unique_ptr<Decoder> lz4_decoder();
std::unique_ptr<Decoder> bzip2_decoder();

std::unique_ptr<Encoder> gzip_encoder();
std::unique_ptr<Encoder> zstd_encoder();
std::unique_ptr<Encoder> xz_encoder();
std::unique_ptr<Encoder> lz4_encoder();
std::unique_ptr<Encoder> bzip2_encoder();

/// "gzip" and so on, for messages.
const char* name_of(Compression compression);

/// Null for Compression::none.
std::unique_ptr<Decoder> new_decoder(Compression compression);
std::unique_ptr<Encoder> new_encoder(Compression compression);

}  // namespace pcapml
