// SPDX-License-Identifier: Apache-2.0
#include "io/read_ahead.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "pcapml/error.h"

namespace pcapml {
namespace {

std::vector<std::byte> random_bytes(std::size_t size) {
  std::vector<std::byte> bytes(size);
  std::mt19937 random(1);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
  return bytes;
}

/// Gives a few bytes at a time, and fails at the end.
class TornSource final : public Source {
 public:
  explicit TornSource(Bytes bytes) : bytes_(bytes) {}
  std::size_t read(std::span<std::byte> into) override {
    if (position_ == bytes_.size()) throw FormatError(name_, position_, "torn");
    const std::size_t n = std::min({into.size(), bytes_.size() - position_, std::size_t{70'000}});
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(position_), n, into.begin());
    position_ += n;
    return n;
  }
  const std::string& name() const override { return name_; }
  std::uint64_t position() const override { return position_; }
  std::optional<std::uint64_t> size() const override { return bytes_.size() * 2; }

 private:
  Bytes bytes_;
  std::string name_ = "torn";
  std::size_t position_ = 0;
};

/// Reads `size` bytes in pieces of up to `largest`.
std::vector<std::byte> take(Source& source, std::size_t size, std::size_t largest) {
  std::mt19937 random(7);
  std::vector<std::byte> taken;
  std::vector<std::byte> piece(largest);
  while (taken.size() < size) {
    const std::size_t want = std::min(1 + random() % largest, size - taken.size());
    const std::size_t got = source.read(std::span(piece).first(want));
    if (got == 0) break;
    taken.insert(taken.end(), piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(got));
  }
  return taken;
}

TEST(ReadAhead, GivesTheSameBytesInPiecesOfAnySize) {
  const auto bytes = random_bytes((std::size_t{3} << 20) + 12345);
  for (const std::size_t largest : {std::size_t{700}, std::size_t{300'000}, std::size_t{2} << 20}) {
    const auto source = read_ahead(memory_source(bytes, "here"));
    EXPECT_EQ(source->name(), "here");
    EXPECT_EQ(take(*source, bytes.size() + 1, largest), bytes);
    EXPECT_EQ(source->position(), bytes.size());
    std::byte more{};
    EXPECT_EQ(source->read({&more, 1}), 0U);
    EXPECT_EQ(source->read({&more, 1}), 0U);
  }
}

TEST(ReadAhead, GivesEverythingBeforeAFailureAndThenTheFailureEachTime) {
  const auto bytes = random_bytes((std::size_t{1} << 20) + 99);
  const auto source = read_ahead(std::make_unique<TornSource>(bytes));
  EXPECT_EQ(source->size(), bytes.size() * 2);
  EXPECT_EQ(take(*source, bytes.size(), 1000), bytes);
  std::byte more{};
  EXPECT_THROW(source->read({&more, 1}), FormatError);
  EXPECT_THROW(source->read({&more, 1}), FormatError);
}

TEST(ReadAhead, EndsWhileItReads) {
  const auto bytes = random_bytes(std::size_t{1} << 20);
  for (int i = 0; i < 20; ++i) {
    const auto source = read_ahead(memory_source(bytes));
    std::byte first{};
    EXPECT_EQ(source->read({&first, 1}), 1U);
    EXPECT_EQ(first, bytes[0]);
  }
}

}  // namespace
}  // namespace pcapml
