// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <new>
#include <stdexcept>

#include "io/codec.h"

namespace pcapml {
namespace {

constexpr int kWindowLogMax = 27;      // 128 MiB, as far as zstd(1) goes unless it is told otherwise
constexpr std::size_t kFirstStep = 5;  // enough of a frame header to learn how long it is

class ZstdDecoder final : public Decoder {
 public:
  ZstdDecoder() : context_(ZSTD_createDCtx()) {
    if (!context_) throw std::bad_alloc();
    ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, kWindowLogMax);
  }

  Step decode(Bytes in, std::span<std::byte> out) override {
    if (in.empty() && wanted_ == 0) return {};
    // At most one block for each call: a call that fails does not say what it had made of the blocks before.
    const std::size_t most = wanted_ == 0 ? kFirstStep : wanted_;
    ZSTD_inBuffer input{in.data(), std::min(in.size(), most), 0};
    ZSTD_outBuffer output{out.data(), out.size(), 0};
    const std::size_t result = ZSTD_decompressStream(context_.get(), &output, &input);
    if (ZSTD_isError(result)) return {.taken = 0, .made = 0, .damage = explain(result)};
    wanted_ = result;
    return {.taken = input.pos, .made = output.pos, .damage = {}};
  }

  bool between_members() const override { return wanted_ == 0; }

 private:
  struct Free {
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
  };

  static std::string explain(std::size_t result) {
    switch (ZSTD_getErrorCode(result)) {
      case ZSTD_error_memory_allocation: throw std::bad_alloc();
      case ZSTD_error_frameParameter_windowTooLarge:
        return fmt::format("the zstd data needs a window of more than {} MiB to decompress",
                           (1 << kWindowLogMax) >> 20);
      default: return fmt::format("the zstd data is damaged ({})", ZSTD_getErrorName(result));
    }
  }

  std::unique_ptr<ZSTD_DCtx, Free> context_;
  std::size_t wanted_ = 0;  // what the decoder asks for next; 0 between frames
};

class ZstdEncoder final : public Encoder {
 public:
  ZstdEncoder() : context_(ZSTD_createCCtx()) {
    if (!context_) throw std::bad_alloc();
    ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_checksumFlag, 1);
  }

  Step encode(Bytes in, std::span<std::byte> out, bool end) override {
    ZSTD_inBuffer input{in.data(), in.size(), 0};
    ZSTD_outBuffer output{out.data(), out.size(), 0};
    const std::size_t left =
        ZSTD_compressStream2(context_.get(), &output, &input, end ? ZSTD_e_end : ZSTD_e_continue);
    if (ZSTD_isError(left)) {
      if (ZSTD_getErrorCode(left) == ZSTD_error_memory_allocation) throw std::bad_alloc();
      throw std::runtime_error(fmt::format("cannot compress with zstd: {}", ZSTD_getErrorName(left)));
    }
    return {.taken = input.pos, .made = output.pos, .ended = end && left == 0};
  }

 private:
  struct Free {
    void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  };

  std::unique_ptr<ZSTD_CCtx, Free> context_;
};

}  // namespace

std::unique_ptr<Decoder> zstd_decoder() { return std::make_unique<ZstdDecoder>(); }
std::unique_ptr<Encoder> zstd_encoder() { return std::make_unique<ZstdEncoder>(); }

}  // namespace pcapml
