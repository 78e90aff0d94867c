// SPDX-License-Identifier: Apache-2.0
#include "io/codec.h"

#include <fmt/format.h>

#include <stdexcept>

namespace pcapml {

const char* name_of(Compression compression) {
  switch (compression) {
    case Compression::none: return "plain";
    case Compression::gzip: return "gzip";
    case Compression::zstd: return "zstd";
    case Compression::xz: return "xz";
    case Compression::lz4: return "lz4";
    case Compression::bzip2: return "bzip2";
  }
  return "unknown";
}

std::unique_ptr<Decoder> new_decoder(Compression compression) {
  switch (compression) {
    case Compression::none: return nullptr;
    case Compression::gzip: return gzip_decoder();
    case Compression::zstd: return zstd_decoder();
    case Compression::xz: break;
    case Compression::lz4: break;
    case Compression::bzip2: break;
  }
  throw std::runtime_error(fmt::format("{} data is not supported by this build", name_of(compression)));
}

std::unique_ptr<Encoder> new_encoder(Compression compression) {
  switch (compression) {
    case Compression::none: return nullptr;
    case Compression::gzip: return gzip_encoder();
    case Compression::zstd: return zstd_encoder();
    case Compression::xz: break;
    case Compression::lz4: break;
    case Compression::bzip2: break;
  }
  throw std::runtime_error(fmt::format("{} data is not supported by this build", name_of(compression)));
}

}  // namespace pcapml
