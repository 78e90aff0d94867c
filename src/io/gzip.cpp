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
constexpr int kDefaultMemory = 8;

uInt clamp(std::size_t size) {
  return static_cast<uInt>(std::min<std::size_t>(size, std::numeric_limits<uInt>::max()));
}

/// Points zlib at the buffers of one step and tells afterwards how far it came.
class Window {
 public:
  Window(z_stream& zlib, Bytes in, std::span<std::byte> out)
      : zlib_(zlib), in_size_(clamp(in.size())), out_size_(clamp(out.size())) {
    zlib.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(in.data()));
    zlib.avail_in = in_size_;
    zlib.next_out = reinterpret_cast<Bytef*>(out.data());
    zlib.avail_out = out_size_;
  }
  std::size_t taken() const { return in_size_ - zlib_.avail_in; }
  std::size_t made() const { return out_size_ - zlib_.avail_out; }

 private:
  const z_stream& zlib_;
  uInt in_size_;
  uInt out_size_;
};

class GzipDecoder final : public Decoder {
 public:
  GzipDecoder() {
    if (inflateInit2(&zlib_, kGzipWindow) != Z_OK) throw std::bad_alloc();
  }
  ~GzipDecoder() override { inflateEnd(&zlib_); }
  GzipDecoder(const GzipDecoder&) = delete;
  GzipDecoder& operator=(const GzipDecoder&) = delete;

  Step decode(Bytes in, std::span<std::byte> out) override {
    if (in.empty() && !inside_) return {};
    inside_ = true;
    const Window window(zlib_, in, out);
    const int result = inflate(&zlib_, Z_NO_FLUSH);
    Step step{.taken = window.taken(), .made = window.made(), .damage = {}};
    if (result == Z_STREAM_END) {
      inside_ = false;
      inflateReset(&zlib_);
    } else if (result == Z_MEM_ERROR) {
      throw std::bad_alloc();
    } else if (result != Z_OK && result != Z_BUF_ERROR) {
      step.damage = fmt::format("the gzip data is damaged ({})",
                                zlib_.msg != nullptr ? zlib_.msg : "preset dictionary");
    }
    return step;
  }

  bool between_members() const override { return !inside_; }

 private:
  z_stream zlib_{};
  bool inside_ = false;
};

class GzipEncoder final : public Encoder {
 public:
  GzipEncoder() {
    if (deflateInit2(&zlib_, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindow, kDefaultMemory,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
      throw std::bad_alloc();
    }
  }
  ~GzipEncoder() override { deflateEnd(&zlib_); }
  GzipEncoder(const GzipEncoder&) = delete;
  GzipEncoder& operator=(const GzipEncoder&) = delete;

  Step encode(Bytes in, std::span<std::byte> out, bool end) override {
    const Window window(zlib_, in, out);
    const int result = deflate(&zlib_, end ? Z_FINISH : Z_NO_FLUSH);
    return {.taken = window.taken(), .made = window.made(), .ended = result == Z_STREAM_END};
  }

 private:
  z_stream zlib_{};
};

}  // namespace

std::unique_ptr<Decoder> gzip_decoder() { return std::make_unique<GzipDecoder>(); }
std::unique_ptr<Encoder> gzip_encoder() { return std::make_unique<GzipEncoder>(); }

}  // namespace pcapml
