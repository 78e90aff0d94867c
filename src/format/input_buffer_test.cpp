// SPDX-License-Identifier: Apache-2.0
#include "format/input_buffer.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "pcapml/error.h"

namespace pcapml {
namespace {

std::vector<std::byte> numbered(std::size_t size) {
  std::vector<std::byte> bytes(size);
  std::uint32_t state = 1;
  for (std::byte& byte : bytes) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<std::byte>(state >> 24);
  }
  return bytes;
}

TEST(InputBuffer, GivesALongFileInPiecesOfAnySize) {
  const auto bytes = numbered((std::size_t{9} << 20) + 12345);
  std::mt19937 random(7);
  for (const std::size_t largest : {std::size_t{700}, std::size_t{300'000}, std::size_t{5} << 20}) {
    InputBuffer input(memory_source(bytes));
    std::size_t at = 0;
    while (true) {
      const std::size_t want = 1 + random() % largest;
      const Bytes piece = input.peek(want);
      ASSERT_EQ(piece.size(), std::min(want, bytes.size() - at));
      ASSERT_TRUE(std::equal(piece.begin(), piece.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at)))
          << at;
      if (piece.empty()) break;
      const std::size_t use = 1 + random() % piece.size();
      input.consume(use);
      at += use;
      ASSERT_EQ(input.offset(), at);
    }
    EXPECT_TRUE(input.peek(1).empty());
  }
}

/// Fails after some bytes, though its size promises more.
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
  std::uint64_t position() const override { return 0; }
  std::optional<std::uint64_t> size() const override { return bytes_.size() * 2; }

 private:
  Bytes bytes_;
  std::string name_ = "torn";
  std::size_t position_ = 0;
};

TEST(InputBuffer, GivesEverythingBeforeAFailureThatWasReadAhead) {
  const auto bytes = numbered((std::size_t{5} << 20) + 99);
  InputBuffer input(std::make_unique<TornSource>(bytes));
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t n = std::min<std::size_t>(1000, bytes.size() - at);
    ASSERT_EQ(input.peek(n).size(), n);
    input.consume(n);
    at += n;
  }
  EXPECT_THROW(input.peek(1), FormatError);
}

TEST(InputBuffer, EndsWhileAPieceIsBeingReadAhead) {
  const auto bytes = numbered(std::size_t{8} << 20);
  for (int i = 0; i < 20; ++i) {
    InputBuffer input(memory_source(bytes));
    EXPECT_EQ(input.peek(10).size(), 10U);
  }
}

}  // namespace
}  // namespace pcapml
