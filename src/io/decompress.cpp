// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>
#include <vector>

#include "io/codec.h"
#include "pcapml/cursor.h"
#include "pcapml/error.h"
#include "pcapml/source.h"

namespace pcapml {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kInputSize = 256 * 1024;
constexpr std::size_t kHeadSize = 6;  // the longest magic
constexpr std::size_t kFewest = 3;    // of a torn magic; what is shorter still is taken for plain data

enum class Kind : unsigned char { plain, member, skippable, legacy_lz4 };

struct Magic {
  std::string_view bytes;
  Kind kind;
  Compression compression;
};

// The skippable frame belongs to zstd (RFC 8878, section 3.1.2) and to lz4 alike.
constexpr Magic kMagics[] = {{"\x1f\x8b"sv, Kind::member, Compression::gzip},
                             {"\x28\xb5\x2f\xfd"sv, Kind::member, Compression::zstd},
                             {"\xfd"
                              "7zXZ\0"sv,
                              Kind::member, Compression::xz},
                             {"\x04\x22\x4d\x18"sv, Kind::member, Compression::lz4},
                             {"BZh"sv, Kind::member, Compression::bzip2},
                             {"\x50\x2a\x4d\x18"sv, Kind::skippable, Compression::none},
                             {"\x02\x21\x4c\x18"sv, Kind::legacy_lz4, Compression::lz4}};
constexpr Magic kPlain = {""sv, Kind::plain, Compression::none};

/// What begins with `head`, which is shorter than kHeadSize only at the end of the stream.
const Magic& identify(Bytes head) {
  std::array<char, kHeadSize> bytes{};
  const std::size_t size = std::min(head.size(), bytes.size());
  std::copy_n(as_text(head).begin(), size, bytes.begin());
  for (const Magic& magic : kMagics) {
    const std::size_t common = std::min(size, magic.bytes.size());
    if (common < magic.bytes.size() && common < kFewest) continue;
    std::string_view start(bytes.data(), common);
    if (magic.kind == Kind::skippable && (start.front() & 0xf0) == 0x50) {
      if (start.substr(1) == magic.bytes.substr(1, common - 1)) return magic;
    } else if (start == magic.bytes.substr(0, common)) {
      return magic;
    }
  }
  return kPlain;
}

/// Gives back the bytes that were read to find the compression, then stands aside.
class PlainSource final : public Source {
 public:
  PlainSource(std::unique_ptr<Source> source, Bytes head)
      : source_(std::move(source)), bytes_(head.begin(), head.end()), head_(bytes_) {}

  std::size_t read(std::span<std::byte> into) override {
    if (head_.empty()) return source_->read(into);
    const std::size_t count = std::min(into.size(), head_.size());
    if (count != 0) std::memcpy(into.data(), head_.data(), count);
    // Only a file is read on at once, which keeps the offsets even: a pipe could block.
    const std::size_t more = count < into.size() && size() ? source_->read(into.subspan(count)) : 0;
    head_ = head_.subspan(count);
    return count + more;
  }

  const std::string& name() const override { return source_->name(); }
  std::uint64_t position() const override { return source_->position(); }
  std::optional<std::uint64_t> size() const override { return source_->size(); }

 private:
  std::unique_ptr<Source> source_;
  std::vector<std::byte> bytes_;
  Bytes head_;  // the part of bytes_ that is not given back yet
};

class DecompressedSource final : public Source {
 public:
  DecompressedSource(std::unique_ptr<Source> source, Bytes head)
      : source_(std::move(source)),
        storage_(std::make_unique_for_overwrite<std::byte[]>(kInputSize)),
        buffer_(storage_.get(), kInputSize) {
    std::copy(head.begin(), head.end(), buffer_.begin());
    input_ = buffer_.first(head.size());
  }

  std::size_t read(std::span<std::byte> into) override {
    std::size_t made = 0;
    while (made < into.size() && damage_.empty()) {
      if (!decoder_ || decoder_->between_members()) {
        if (made != 0 && input_.size() < kHeadSize) break;
        if (!begin_member()) break;
      }
      Decoder::Step step = decoder_->decode(input_, into.subspan(made));
      input_ = input_.subspan(step.taken);
      made += step.made;
      damage_ = std::move(step.damage);
      if (step.made != 0 || step.taken != 0 || !damage_.empty()) continue;
      if (made != 0) break;  // what there is comes out before a read that may block or fail
      if (!refill()) damage_ = torn();
    }
    if (made == 0 && !damage_.empty()) throw FormatError(name(), delivered_, damage_);
    delivered_ += made;
    return made;
  }

  const std::string& name() const override { return source_->name(); }
  std::uint64_t position() const override { return source_->position(); }
  std::optional<std::uint64_t> size() const override { return source_->size(); }

 private:
  /// False at the end of the stream and where the next member is none, which leaves damage_.
  bool begin_member() {
    while (true) {
      while (input_.size() < kHeadSize && refill()) {
      }
      if (input_.empty()) return false;
      const Magic& magic = identify(input_);
      if (magic.kind == Kind::skippable && may_skip()) {
        if (!skip_frame()) return false;
        continue;
      }
      if (magic.kind == Kind::legacy_lz4 && !decoder_) {
        damage_ = "the legacy format of lz4 is not supported; compress the data again with a newer lz4";
      } else if (magic.kind != Kind::member || (decoder_ && magic.compression != compression_)) {
        damage_ = fmt::format("data that is not {0} follows the end of the {0} data", noun());
      } else if (!decoder_) {
        compression_ = magic.compression;
        decoder_ = new_decoder(compression_);
      }
      return damage_.empty();
    }
  }

  bool may_skip() const {
    return !decoder_ || compression_ == Compression::zstd || compression_ == Compression::lz4;
  }

  bool skip_frame() {
    constexpr std::size_t kFrameHeader = 8;
    while (input_.size() < kFrameHeader && refill()) {
    }
    Cursor cursor(input_);
    cursor.skip(kFrameHeader / 2);
    std::size_t left = cursor.le32();
    if (!cursor.ok()) {
      damage_ = torn();
      return false;
    }
    input_ = cursor.rest();
    while (left > 0) {
      if (input_.empty() && !refill()) {
        damage_ = torn();
        return false;
      }
      const std::size_t count = std::min(left, input_.size());
      input_ = input_.subspan(count);
      left -= count;
    }
    return true;
  }

  /// Adds to the input; false at the end of the source.
  bool refill() {
    if (ended_) return false;
    if (!input_.empty()) std::memmove(buffer_.data(), input_.data(), input_.size());
    input_ = buffer_.first(input_.size());  // before a read that may throw
    const std::size_t count = source_->read(buffer_.subspan(input_.size()));
    input_ = buffer_.first(input_.size() + count);
    ended_ = count == 0;
    return !ended_;
  }

  const char* noun() const { return decoder_ ? name_of(compression_) : "compressed"; }
  std::string torn() const { return fmt::format("the {} data ends before its end marker", noun()); }

  std::unique_ptr<Source> source_;
  Compression compression_ = Compression::none;
  std::unique_ptr<Decoder> decoder_;
  std::unique_ptr<std::byte[]> storage_;
  std::span<std::byte> buffer_;
  Bytes input_;  // the part of buffer_ that is not decoded yet
  bool ended_ = false;
  std::uint64_t delivered_ = 0;
  std::string damage_;
};

}  // namespace

std::unique_ptr<Source> decompress(std::unique_ptr<Source> source) {
  std::array<std::byte, kHeadSize> bytes;
  std::size_t count = 0;
  while (count < bytes.size()) {
    const std::size_t more = source->read(std::span(bytes).subspan(count));
    if (more == 0) break;
    count += more;
  }
  const Bytes head = Bytes(bytes).first(count);
  if (identify(head).kind == Kind::plain) return std::make_unique<PlainSource>(std::move(source), head);
  return std::make_unique<DecompressedSource>(std::move(source), head);
}

}  // namespace pcapml
