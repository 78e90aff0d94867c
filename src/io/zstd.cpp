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

constexpr int kWindowLogMax = 27;       // 128 MiB, as far as zstd(1) goes unless it is told otherwise
constexpr std::size_t kFirstPiece = 5;  // enough of a frame header to learn how long it is
constexpr std::size_t kBlockHeader = 3;

class ZstdDecoder final : public Decoder {
 public:
  ZstdDecoder() : context_(ZSTD_createDCtx()) {
    if (!context_) throw std::bad_alloc();
    ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, kWindowLogMax);
  }

  // A call that fails does not tell what it had made before, so each may do one thing only: give out what is
  // left of a block, or go on with the next piece of the frame.
  Step decode(Bytes in, std::span<std::byte> out) override {
    if (full_) {
      Step step = call({}, out);
      if (step.made != 0 || !step.damage.empty()) return step;
    }
    if (in.empty() && wanted_ == 0) return {};
    const std::size_t piece = wanted_ > kBlockHeader ? wanted_ - kBlockHeader : wanted_;
    return call(in.first(std::min(in.size(), wanted_ == 0 ? kFirstPiece : piece)), out);
  }

  bool between_members() const override { return wanted_ == 0; }

 private:
  Step call(Bytes in, std::span<std::byte> out) {
    ZSTD_inBuffer input{in.data(), in.size(), 0};
    ZSTD_outBuffer output{out.data(), out.size(), 0};
    const std::size_t result = ZSTD_decompressStream(context_.get(), &output, &input);
    if (ZSTD_isError(result)) return {.taken = 0, .made = 0, .damage = explain(result)};
    wanted_ = result;
    full_ = output.pos == output.size;
    return {.taken = input.pos, .made = output.pos, .damage = {}};
  }

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
  std::size_t wanted_ = 0;  // what the decoder asks for next, with the header after it; 0 between frames
  bool full_ = false;       // the last output was too small, perhaps
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
