// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <limits>
#include <new>

#include "io/codec.h"

namespace pcapml {
namespace {

constexpr int kGzipWindow = MAX_WBITS + 16;  // RFC 1952 wrapper, whose CRC and length zlib checks

uInt clamp(std::size_t size) {
  return static_cast<uInt>(std::min<std::size_t>(size, std::numeric_limits<uInt>::max()));
}

class GzipDecoder final : public Decoder {
 public:
  GzipDecoder() {
    if (inflateInit2(&zlib_, kGzipWindow) != Z_OK) throw std::bad_alloc();
  }
  ~GzipDecoder() override { inflateEnd(&zlib_); }
  GzipDecoder(const GzipDecoder&) = delete;
  GzipDecoder& operator=(const GzipDecoder&) = delete;

  Step decode(Bytes in, std::span<std::byte> out) override {
    if (!inside_) {
      if (in.empty()) return {};
      if (members_ > 0 && in.front() != std::byte{0x1f}) {
        return {.damage = "data that is not gzip follows the end of the gzip data"};
      }
      inside_ = true;
    }
    const uInt in_size = clamp(in.size());
    const uInt out_size = clamp(out.size());
    zlib_.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(in.data()));
    zlib_.avail_in = in_size;
    zlib_.next_out = reinterpret_cast<Bytef*>(out.data());
    zlib_.avail_out = out_size;
    const int result = inflate(&zlib_, Z_NO_FLUSH);
    Step step{.taken = in_size - zlib_.avail_in, .made = out_size - zlib_.avail_out, .damage = {}};
    if (result == Z_STREAM_END) {
      ++members_;
      inside_ = false;
      inflateReset(&zlib_);
    } else if (result == Z_MEM_ERROR) {
      throw std::bad_alloc();
    } else if (result != Z_OK && result != Z_BUF_ERROR) {
      step.damage =
          fmt::format("the gzip data is damaged ({})", zlib_.msg != nullptr ? zlib_.msg : "no reason");
    }
    return step;
  }

  bool complete() const override { return !inside_; }

 private:
  z_stream zlib_{};
  std::size_t members_ = 0;
  bool inside_ = false;
};

}  // namespace

std::unique_ptr<Decoder> gzip_decoder() { return std::make_unique<GzipDecoder>(); }

}  // namespace pcapml
