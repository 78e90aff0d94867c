// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "pcapml/bytes.h"
#include "pcapml/sink.h"

namespace pcapml {

/// One compression format's decompressor, driven by DecompressedSource. Not thread-safe.
class Decoder {
 public:
  struct Step {
    std::size_t taken = 0;  ///< bytes of the input that are done with
    std::size_t made = 0;   ///< bytes written to the front of the output; they count even beside a damage
    std::string damage;     ///< what is wrong with the data; empty while nothing is
  };

  virtual ~Decoder() = default;

  /// Goes on with `in`, which may be empty; taking and making nothing asks for more input.
  virtual Step decode(Bytes in, std::span<std::byte> out) = 0;

  /// Whether the data may end here: all that began has ended, with its checksum.
  virtual bool complete() const = 0;
};

std::unique_ptr<Decoder> gzip_decoder();

/// "gzip" and so on, for messages.
const char* name_of(Compression compression);

}  // namespace pcapml
