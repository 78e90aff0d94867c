// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <initializer_list>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <system_error>
#include <vector>

#include "io/codec.h"
#include "pcapml/error.h"
#include "pcapml/sink.h"
#include "pcapml/source.h"

namespace pcapml::test_streams {

using Buffer = std::vector<std::byte>;
using Sizes = std::initializer_list<std::size_t>;

inline constexpr Compression kFormats[] = {Compression::gzip, Compression::zstd, Compression::xz,
                                           Compression::lz4, Compression::bzip2};

/// Compressible, but not trivially: a run of noise, a run of text, by turns.
inline Buffer sample(std::size_t size, unsigned seed = 1) {
  std::minstd_rand random(seed);
  Buffer bytes(size);
  for (std::size_t i = 0; i < size; ++i) {
    bytes[i] =
        (i / 50) % 2 == 0 ? static_cast<std::byte>(random() >> 8) : static_cast<std::byte>('a' + i % 10);
  }
  return bytes;
}

inline Buffer compressed(Bytes data, Compression compression) {
  Buffer result;
  const auto sink = compress(memory_sink(result), compression);
  sink->write(data);
  sink->finish();
  return result;
}

inline Buffer joined(std::initializer_list<Bytes> parts) {
  Buffer result;
  for (const Bytes part : parts) result.insert(result.end(), part.begin(), part.end());
  return result;
}

/// Gives at most `step` bytes a read; after all of them, the end or an error.
class DribblingSource final : public Source {
 public:
  explicit DribblingSource(Bytes bytes, std::size_t step = 1, int error = 0)
      : bytes_(bytes), step_(step), error_(error) {}

  std::size_t read(std::span<std::byte> into) override {
    const std::size_t count = std::min({into.size(), step_, bytes_.size()});
    if (count == 0 && error_ != 0) throw_errno(name_, "read", error_);
    std::copy_n(bytes_.begin(), count, into.begin());
    bytes_ = bytes_.subspan(count);
    position_ += count;
    return count;
  }
  const std::string& name() const override { return name_; }
  std::uint64_t position() const override { return position_; }

 private:
  Bytes bytes_;
  std::size_t step_;
  int error_;
  std::uint64_t position_ = 0;
  std::string name_ = "dribble";
};

struct Outcome {
  Buffer data;
  std::optional<std::string> damage;  ///< what() of the FormatError
  std::uint64_t offset = 0;           ///< its offset
};

/// Reads to the end or to the damage, `step` bytes at a time.
inline Outcome read_all(Source& source, std::size_t step = 64 * 1024) {
  Outcome outcome;
  Buffer chunk(step);
  try {
    while (const std::size_t count = source.read(chunk)) {
      outcome.data.insert(outcome.data.end(), chunk.begin(),
                          chunk.begin() + static_cast<std::ptrdiff_t>(count));
    }
  } catch (const FormatError& error) {
    outcome.damage = error.what();
    outcome.offset = error.offset();
  }
  return outcome;
}

inline Outcome decompressed(Bytes data) { return read_all(*decompress(memory_source(data))); }

inline bool is_prefix(const Buffer& front, const Buffer& whole) {
  return front.size() <= whole.size() && std::equal(front.begin(), front.end(), whole.begin());
}

inline std::string format_name(const testing::TestParamInfo<Compression>& info) {
  return name_of(info.param);
}

}  // namespace pcapml::test_streams
