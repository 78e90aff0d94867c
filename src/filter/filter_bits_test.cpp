// SPDX-License-Identifier: Apache-2.0
#include "filter/filter_bits.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace pcapml {
namespace {

std::vector<std::byte> random_bytes(std::mt19937& random, std::size_t size) {
  std::vector<std::byte> bytes(size);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random() & 1);  // so that many agree by chance
  return bytes;
}

TEST(FilterBits, AreInPacketsThatHaveEachOfThem) {
  struct Asked {
    std::uint32_t offset, mask, value;
    std::uint8_t size;

    std::uint32_t of(Bytes packet) const {
      Cursor cursor(packet);
      cursor.skip(offset);
      return (size == 4 ? cursor.be32() : size == 2 ? cursor.be16() : cursor.u8()) & mask;
    }
  };
  std::mt19937 random(7);
  std::size_t found = 0, missing = 0, refused = 0;
  for (int round = 0; round < 20'000; ++round) {
    const auto first = random_bytes(random, 40);
    FilterBits bits;
    std::vector<Asked> all;
    for (std::uint32_t i = 0; i <= random() % 4; ++i) {
      const auto size = static_cast<std::uint8_t>(1U << random() % 3);
      const std::uint32_t all_bits = ~std::uint32_t{0} >> (32 - 8 * size);
      Asked asked{static_cast<std::uint32_t>(random() % 30), static_cast<std::uint32_t>(random()) & all_bits,
                  0, size};
      if (random() % 2 == 0) asked.mask &= 0x01010101;
      asked.value = asked.of(first);
      if (bits.add(asked.offset, size, asked.mask, asked.value))
        all.push_back(asked);
      else
        ++refused;
    }
    EXPECT_TRUE(bits.are_in(first));
    for (int i = 0; i < 20; ++i) {
      const auto packet = random_bytes(random, 40);
      bool expected = true;
      for (const Asked& asked : all) expected = expected && asked.of(packet) == asked.value;
      ASSERT_EQ(bits.are_in(packet), expected);
      ++(expected ? found : missing);
    }
  }
  EXPECT_GT(found, 1000U);
  EXPECT_GT(missing, 1000U);
  EXPECT_GT(refused, 1000U);
}

TEST(FilterBits, AreInNoPacketThatEndsBeforeWhatIsRead) {
  FilterBits bits;
  ASSERT_TRUE(bits.add(0, 1, 0xff, 0));
  ASSERT_TRUE(bits.add(20, 4, 0, 0));  // nothing is selected, but the load fails
  const std::vector<std::byte> zeros(24);
  EXPECT_TRUE(bits.are_in(zeros));
  for (std::size_t size = 0; size < zeros.size(); ++size) EXPECT_FALSE(bits.are_in(Bytes(zeros).first(size)));
}

}  // namespace
}  // namespace pcapml
