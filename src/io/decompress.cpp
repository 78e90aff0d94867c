// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "io/codec.h"
#include "pcapml/error.h"
#include "pcapml/source.h"

namespace pcapml {
namespace {

constexpr std::size_t kInputSize = 256 * 1024;
constexpr std::size_t kHeadSize = 10;  // bzip2 needs the most: its header and the first block's magic

/// Gives back the bytes that were read to find the compression, then stands aside.
class PlainSource final : public Source {
 public:
  PlainSource(std::unique_ptr<Source> source, Bytes head)
      : source_(std::move(source)), head_(head.begin(), head.end()) {}

  std::size_t read(std::span<std::byte> into) override {
    if (head_done_ == head_.size()) return source_->read(into);
    const std::size_t count = std::min(into.size(), head_.size() - head_done_);
    if (count != 0) std::memcpy(into.data(), head_.data() + head_done_, count);
    head_done_ += count;
    return count;
  }

  const std::string& name() const override { return source_->name(); }
  std::uint64_t position() const override { return source_->position(); }
  std::optional<std::uint64_t> size() const override { return source_->size(); }

 private:
  std::unique_ptr<Source> source_;
  std::vector<std::byte> head_;
  std::size_t head_done_ = 0;
};

class DecompressedSource final : public Source {
 public:
  DecompressedSource(std::unique_ptr<Source> source, Compression compression,
                     std::unique_ptr<Decoder> decoder, Bytes head)
      : source_(std::move(source)),
        compression_(compression),
        decoder_(std::move(decoder)),
        buffer_(kInputSize) {
    std::copy(head.begin(), head.end(), buffer_.begin());
    input_ = Bytes(buffer_).first(head.size());
  }

  std::size_t read(std::span<std::byte> into) override {
    if (into.empty()) return 0;
    while (damage_.empty()) {
      Decoder::Step step = decoder_->decode(input_, into);
      input_ = input_.subspan(step.taken);
      damage_ = std::move(step.damage);
      if (step.made != 0) {
        delivered_ += step.made;
        return step.made;
      }
      if (!damage_.empty() || step.taken != 0) continue;
      if (ended_) {
        if (decoder_->complete()) return 0;
        damage_ = fmt::format("the {} data ends before its end marker", name_of(compression_));
      } else {
        refill();
      }
    }
    throw FormatError(name(), delivered_, damage_);
  }

  const std::string& name() const override { return source_->name(); }
  std::uint64_t position() const override { return source_->position(); }
  std::optional<std::uint64_t> size() const override { return source_->size(); }

 private:
  void refill() {
    if (!input_.empty()) std::memmove(buffer_.data(), input_.data(), input_.size());
    const std::size_t count = source_->read(std::span(buffer_).subspan(input_.size()));
    ended_ = count == 0;
    input_ = Bytes(buffer_).first(input_.size() + count);
  }

  std::unique_ptr<Source> source_;
  Compression compression_;
  std::unique_ptr<Decoder> decoder_;
  std::vector<std::byte> buffer_;
  Bytes input_;  // the part of buffer_ that is not decoded yet
  bool ended_ = false;
  std::uint64_t delivered_ = 0;
  std::string damage_;
};

Compression find_compression(Bytes head) {
  if (as_text(head).starts_with("\x1f\x8b")) return Compression::gzip;
  return Compression::none;
}

}  // namespace

const char* name_of(Compression compression) {
  switch (compression) {
    case Compression::none:
      return "plain";
    case Compression::gzip:
      return "gzip";
    case Compression::zstd:
      return "zstd";
    case Compression::xz:
      return "xz";
    case Compression::lz4:
      return "lz4";
    case Compression::bzip2:
      return "bzip2";
  }
  return "unknown";
}

std::unique_ptr<Source> decompress(std::unique_ptr<Source> source) {
  std::array<std::byte, kHeadSize> bytes;
  std::size_t count = 0;
  while (count < bytes.size()) {
    const std::size_t more = source->read(std::span(bytes).subspan(count));
    if (more == 0) break;
    count += more;
  }
  const Bytes head = Bytes(bytes).first(count);
  const Compression compression = find_compression(head);
  if (compression == Compression::none) return std::make_unique<PlainSource>(std::move(source), head);
  return std::make_unique<DecompressedSource>(std::move(source), compression, gzip_decoder(), head);
}

}  // namespace pcapml
