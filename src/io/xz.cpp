// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <lzma.h>

#include <new>
#include <stdexcept>

#include "io/codec.h"

namespace pcapml {
namespace {

constexpr std::uint64_t kMemoryMax = std::uint64_t{256}
                                     << 20;  // `xz -9` needs 65 MiB, a header may ask for 4 GiB

void point(lzma_stream& stream, Bytes in, std::span<std::byte> out) {
  stream.next_in = reinterpret_cast<const std::uint8_t*>(in.data());
  stream.avail_in = in.size();
  stream.next_out = reinterpret_cast<std::uint8_t*>(out.data());
  stream.avail_out = out.size();
}

class XzDecoder final : public Decoder {
 public:
  XzDecoder() = default;
  ~XzDecoder() override { lzma_end(&stream_); }
  XzDecoder(const XzDecoder&) = delete;
  XzDecoder& operator=(const XzDecoder&) = delete;

  Step decode(Bytes in, std::span<std::byte> out) override {
    if (!inside_) {
      if (in.empty()) return {};
      // One stream at a time: LZMA_CONCATENATED would let padding by zeros pass.
      if (lzma_stream_decoder(&stream_, kMemoryMax, LZMA_TELL_UNSUPPORTED_CHECK) != LZMA_OK)
        throw std::bad_alloc();
      inside_ = true;
    }
    point(stream_, in, out);
    const lzma_ret result = lzma_code(&stream_, LZMA_RUN);
    if (result == LZMA_STREAM_END) inside_ = false;
    return {.taken = in.size() - stream_.avail_in,
            .made = out.size() - stream_.avail_out,
            .damage = explain(result)};
  }

  bool between_members() const override { return !inside_; }

 private:
  std::string explain(lzma_ret result) {
    switch (result) {
      case LZMA_OK:
      case LZMA_STREAM_END:
      case LZMA_BUF_ERROR:  // asks for more input
        return {};
      case LZMA_MEM_ERROR: throw std::bad_alloc();
      case LZMA_MEMLIMIT_ERROR:
        return fmt::format(
            "the xz data needs {} MiB of memory to decompress, "
            "more than the {} MiB allowed",
            lzma_memusage(&stream_) >> 20, kMemoryMax >> 20);
      case LZMA_UNSUPPORTED_CHECK: return "the xz data has a checksum of an unknown kind";
      case LZMA_OPTIONS_ERROR: return "the xz data is damaged, or needs a filter that liblzma lacks";
      default: return "the xz data is damaged";
    }
  }

  lzma_stream stream_ = LZMA_STREAM_INIT;
  bool inside_ = false;
};

class XzEncoder final : public Encoder {
 public:
  XzEncoder() {
    if (lzma_easy_encoder(&stream_, LZMA_PRESET_DEFAULT, LZMA_CHECK_CRC64) != LZMA_OK) throw std::bad_alloc();
  }
  ~XzEncoder() override { lzma_end(&stream_); }
  XzEncoder(const XzEncoder&) = delete;
  XzEncoder& operator=(const XzEncoder&) = delete;

  Step encode(Bytes in, std::span<std::byte> out, bool end) override {
    point(stream_, in, out);
    const lzma_ret result = lzma_code(&stream_, end ? LZMA_FINISH : LZMA_RUN);
    if (result == LZMA_MEM_ERROR) throw std::bad_alloc();
    if (result != LZMA_OK && result != LZMA_STREAM_END) {
      throw std::runtime_error(fmt::format("cannot compress with xz: error {}", static_cast<int>(result)));
    }
    return {.taken = in.size() - stream_.avail_in,
            .made = out.size() - stream_.avail_out,
            .ended = result == LZMA_STREAM_END};
  }

 private:
  lzma_stream stream_ = LZMA_STREAM_INIT;
};

}  // namespace

std::unique_ptr<Decoder> xz_decoder() { return std::make_unique<XzDecoder>(); }
std::unique_ptr<Encoder> xz_encoder() { return std::make_unique<XzEncoder>(); }

}  // namespace pcapml
