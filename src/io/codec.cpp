// SPDX-License-Identifier: Apache-2.0
#include "io/codec.h"

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
    case Compression::xz: return xz_decoder();
    case Compression::lz4: return lz4_decoder();
    case Compression::bzip2: return bzip2_decoder();
  }
  return nullptr;
}

std::unique_ptr<Encoder> new_encoder(Compression compression) {
  switch (compression) {
    case Compression::none: return nullptr;
    case Compression::gzip: return gzip_encoder();
    case Compression::zstd: return zstd_encoder();
    case Compression::xz: return xz_encoder();
    case Compression::lz4: return lz4_encoder();
    case Compression::bzip2: return bzip2_encoder();
  }
  return nullptr;
}

}  // namespace pcapml
