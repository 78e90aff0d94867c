// SPDX-License-Identifier: Apache-2.0
#include <bzlib.h>
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <new>
#include <stdexcept>

#include "io/codec.h"

namespace pcapml {
namespace {

constexpr int kBlockSize = 9;  // in 100 kB, bzip2(1)'s default

unsigned clamp(std::size_t size) {
  return static_cast<unsigned>(std::min<std::size_t>(size, std::numeric_limits<unsigned>::max()));
}

/// Points libbz2 at the buffers of one step and tells afterwards how far it came.
class Window {
 public:
  Window(bz_stream& stream, Bytes in, std::span<std::byte> out)
      : stream_(stream), in_size_(clamp(in.size())), out_size_(clamp(out.size())) {
    stream.next_in = const_cast<char*>(reinterpret_cast<const char*>(in.data()));
    stream.avail_in = in_size_;
    stream.next_out = reinterpret_cast<char*>(out.data());
    stream.avail_out = out_size_;
  }
  std::size_t taken() const { return in_size_ - stream_.avail_in; }
  std::size_t made() const { return out_size_ - stream_.avail_out; }

 private:
  const bz_stream& stream_;
  unsigned in_size_;
  unsigned out_size_;
};

class Bzip2Decoder final : public Decoder {
 public:
  Bzip2Decoder() = default;
  ~Bzip2Decoder() override { end(); }
  Bzip2Decoder(const Bzip2Decoder&) = delete;
  Bzip2Decoder& operator=(const Bzip2Decoder&) = delete;

  Step decode(Bytes in, std::span<std::byte> out) override {
    if (!inside_) {
      if (in.empty()) return {};
      stream_ = {};
      if (BZ2_bzDecompressInit(&stream_, 0, 0) != BZ_OK) throw std::bad_alloc();
      inside_ = true;
    }
    const Window window(stream_, in, out);
    const int result = BZ2_bzDecompress(&stream_);
    Step step{.taken = window.taken(), .made = window.made(), .damage = {}};
    if (result == BZ_STREAM_END) {
      end();
    } else if (result == BZ_MEM_ERROR) {
      throw std::bad_alloc();
    } else if (result != BZ_OK) {
      step.damage = "the bzip2 data is damaged";
    }
    return step;
  }

  bool between_members() const override { return !inside_; }

 private:
  void end() {
    if (inside_) BZ2_bzDecompressEnd(&stream_);
    inside_ = false;
  }

  bz_stream stream_{};
  bool inside_ = false;
};

class Bzip2Encoder final : public Encoder {
 public:
  Bzip2Encoder() {
    if (BZ2_bzCompressInit(&stream_, kBlockSize, 0, 0) != BZ_OK) throw std::bad_alloc();
  }
  ~Bzip2Encoder() override { BZ2_bzCompressEnd(&stream_); }
  Bzip2Encoder(const Bzip2Encoder&) = delete;
  Bzip2Encoder& operator=(const Bzip2Encoder&) = delete;

  Step encode(Bytes in, std::span<std::byte> out, bool end) override {
    const Window window(stream_, in, out);
    const int result = BZ2_bzCompress(&stream_, end ? BZ_FINISH : BZ_RUN);
    if (result < 0) throw std::runtime_error(fmt::format("cannot compress with bzip2: error {}", result));
    return {.taken = window.taken(), .made = window.made(), .ended = result == BZ_STREAM_END};
  }

 private:
  bz_stream stream_{};
};

}  // namespace

std::unique_ptr<Decoder> bzip2_decoder() { return std::make_unique<Bzip2Decoder>(); }
std::unique_ptr<Encoder> bzip2_encoder() { return std::make_unique<Bzip2Encoder>(); }

}  // namespace pcapml
