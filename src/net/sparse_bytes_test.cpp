// SPDX-License-Identifier: Apache-2.0
#include "net/sparse_bytes.h"

#include <gtest/gtest.h>

#include <random>

namespace pcapml {
namespace {

TEST(SparseBytes, AreWholeWhateverTheOrder) {
  std::string text;
  for (int i = 0; i < 300; ++i) text += static_cast<char>(i * 7);
  std::mt19937 random(5);
  for (int round = 0; round < 200; ++round) {
    SparseBytes bytes(text.size());
    std::string present(text.size(), '\0');
    for (int i = 0; i < 40; ++i) {
      const std::size_t begin = random() % text.size(), size = random() % (text.size() - begin + 1);
      ASSERT_TRUE(bytes.add(begin, as_bytes(text).subspan(begin, size)));
      std::fill_n(present.begin() + static_cast<std::ptrdiff_t>(begin), size, '\1');
      const auto whole = present.find('\0');
      ASSERT_EQ(as_text(bytes.prefix()), text.substr(0, whole));
    }
  }
}

TEST(SparseBytes, KeepWhatCameFirst) {
  SparseBytes bytes(10);
  bytes.add(2, as_bytes("cd"));
  bytes.add(6, as_bytes("gh"));
  bytes.add(0, as_bytes("ABCDEFGHIJ"));
  EXPECT_EQ(as_text(bytes.prefix()), "ABcdEFghIJ");
}

TEST(SparseBytes, RefuseWhatEndsPastTheLimit) {
  SparseBytes bytes(4);
  EXPECT_FALSE(bytes.add(2, as_bytes("abc")));
  EXPECT_FALSE(bytes.add(0xffffffffffffffff, as_bytes("abc")));
  EXPECT_EQ(bytes.memory() < 100, true);
  EXPECT_TRUE(bytes.add(0, as_bytes("abcd")));
  EXPECT_TRUE(bytes.add(4, {}));
}

TEST(SparseBytes, RefuseGapsWithoutEnd) {
  SparseBytes bytes(10000);
  std::size_t taken = 0;
  for (std::size_t at = 0; at < 10000; at += 2) taken += bytes.add(at, as_bytes("x"));
  EXPECT_EQ(taken, 256u);
}

}  // namespace
}  // namespace pcapml
