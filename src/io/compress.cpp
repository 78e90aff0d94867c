// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <exception>
#include <string_view>
#include <utility>

#include "io/codec.h"
#include "pcapml/sink.h"

namespace pcapml {
namespace {

constexpr std::size_t kOutputSize = 256 * 1024;

class CompressedSink final : public Sink {
 public:
  CompressedSink(std::unique_ptr<Sink> into, std::unique_ptr<Encoder> encoder)
      : into_(std::move(into)),
        encoder_(std::move(encoder)),
        buffer_(std::max(kOutputSize, 2 * encoder_->room())) {}

  void write(Bytes bytes) override {
    guarded([&] {
      while (!bytes.empty()) bytes = bytes.subspan(step(bytes, false).taken);
    });
  }

  void finish() override {
    guarded([&] {
      while (!step({}, true).ended) {
      }
      drain();
      into_->finish();
    });
  }

 private:
  Encoder::Step step(Bytes bytes, bool end) {
    if (buffer_.size() - used_ < encoder_->room()) drain();
    const Encoder::Step step = encoder_->encode(bytes, std::span(buffer_).subspan(used_), end);
    used_ += step.made;
    return step;
  }

  void drain() { into_->write(Bytes(buffer_).first(std::exchange(used_, 0))); }

  // After a failure the stream has a hole, which a later end marker must not hide.
  template <typename Work>
  void guarded(Work work) {
    if (failure_) std::rethrow_exception(failure_);
    try {
      work();
    } catch (...) {
      failure_ = std::current_exception();
      throw;
    }
  }

  std::unique_ptr<Sink> into_;
  std::unique_ptr<Encoder> encoder_;
  std::vector<std::byte> buffer_;
  std::size_t used_ = 0;
  std::exception_ptr failure_;
};

}  // namespace

Compression compression_of_name(std::string_view path) {
  constexpr std::pair<std::string_view, Compression> kNames[] = {{".gz", Compression::gzip},
                                                                 {".zst", Compression::zstd},
                                                                 {".xz", Compression::xz},
                                                                 {".lz4", Compression::lz4},
                                                                 {".bz2", Compression::bzip2}};
  for (const auto& [ending, compression] : kNames) {
    if (path.ends_with(ending)) return compression;
  }
  return Compression::none;
}

std::unique_ptr<Sink> compress(std::unique_ptr<Sink> into, Compression compression) {
  std::unique_ptr<Encoder> encoder = new_encoder(compression);
  if (!encoder) return into;
  return std::make_unique<CompressedSink>(std::move(into), std::move(encoder));
}

}  // namespace pcapml
