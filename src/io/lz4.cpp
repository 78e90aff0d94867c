// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <lz4frame.h>

#include <algorithm>
#include <new>
#include <stdexcept>
#include <string_view>

#include "io/codec.h"

namespace pcapml {
namespace {

constexpr std::size_t kFirstPiece = 7;  // the shortest frame header, with its magic
constexpr std::size_t kBlockHeader = 4;
constexpr std::size_t kEncodeStep = 64 * 1024;  // bounds the space that one step can need

class Lz4Decoder final : public Decoder {
 public:
  Lz4Decoder() {
    LZ4F_dctx* context = nullptr;
    if (LZ4F_isError(LZ4F_createDecompressionContext(&context, LZ4F_VERSION))) throw std::bad_alloc();
    context_.reset(context);
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
    std::size_t taken = in.size();
    std::size_t made = out.size();
    const std::size_t result = LZ4F_decompress(context_.get(), out.data(), &made, in.data(), &taken, nullptr);
    if (LZ4F_isError(result)) {
      const std::string_view reason = LZ4F_getErrorName(result);
      if (reason == "ERROR_allocation_failed") throw std::bad_alloc();
      return {.taken = 0, .made = 0, .damage = fmt::format("the lz4 data is damaged ({})", reason)};
    }
    wanted_ = result;
    full_ = made == out.size();
    return {.taken = taken, .made = made, .damage = {}};
  }

  struct Free {
    void operator()(LZ4F_dctx* context) const { LZ4F_freeDecompressionContext(context); }
  };

  std::unique_ptr<LZ4F_dctx, Free> context_;
  std::size_t wanted_ = 0;  // what the decoder asks for next, with the header after it; 0 between frames
  bool full_ = false;       // the last output was too small, perhaps
};

class Lz4Encoder final : public Encoder {
 public:
  Lz4Encoder() {
    LZ4F_cctx* context = nullptr;
    if (LZ4F_isError(LZ4F_createCompressionContext(&context, LZ4F_VERSION))) throw std::bad_alloc();
    context_.reset(context);
    preferences_.frameInfo.blockSizeID = LZ4F_max256KB;
    preferences_.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled;
  }

  Step encode(Bytes in, std::span<std::byte> out, bool end) override {
    if (!begun_) {
      begun_ = true;
      return {.taken = 0,
              .made = check(LZ4F_compressBegin(context_.get(), out.data(), out.size(), &preferences_)),
              .ended = false};
    }
    if (end) {
      const std::size_t made = check(LZ4F_compressEnd(context_.get(), out.data(), out.size(), nullptr));
      return {.taken = 0, .made = made, .ended = true};
    }
    const std::size_t taken = std::min(in.size(), kEncodeStep);
    const std::size_t made =
        check(LZ4F_compressUpdate(context_.get(), out.data(), out.size(), in.data(), taken, nullptr));
    return {.taken = taken, .made = made, .ended = false};
  }

  std::size_t room() const override { return LZ4F_compressBound(kEncodeStep, &preferences_); }

 private:
  struct Free {
    void operator()(LZ4F_cctx* context) const { LZ4F_freeCompressionContext(context); }
  };

  static std::size_t check(std::size_t result) {
    if (!LZ4F_isError(result)) return result;
    throw std::runtime_error(fmt::format("cannot compress with lz4: {}", LZ4F_getErrorName(result)));
  }

  std::unique_ptr<LZ4F_cctx, Free> context_;
  LZ4F_preferences_t preferences_{};
  bool begun_ = false;
};

}  // namespace

std::unique_ptr<Decoder> lz4_decoder() { return std::make_unique<Lz4Decoder>(); }
std::unique_ptr<Encoder> lz4_encoder() { return std::make_unique<Lz4Encoder>(); }

}  // namespace pcapml
