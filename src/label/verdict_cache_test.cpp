// SPDX-License-Identifier: Apache-2.0
#include "label/verdict_cache.h"

#include <gtest/gtest.h>

#include <array>

namespace pcapml {
namespace {

TEST(VerdictCache, ForgetsWhatItKnowsRatherThanGrow) {
  VerdictCache cache;
  constexpr std::uint32_t kKeys = 2'000'000;
  std::uint32_t known = 0;
  const auto verdict = [](std::uint32_t i) { return VerdictEntry{i % 1000, i % 2 == 0}; };
  for (std::uint32_t i = 0; i < kKeys; ++i) {
    const std::array<std::uint32_t, 3> key = {1, i, i / 7};
    ASSERT_EQ(cache.find(key), nullptr);
    ASSERT_EQ(cache.add(key, {verdict(i)})[0], verdict(i));
  }
  for (std::uint32_t i = 0; i < kKeys; ++i) {
    const std::array<std::uint32_t, 3> key = {1, i, i / 7};
    const VerdictCache::Verdict* found = cache.find(key);
    if (found == nullptr) continue;
    ASSERT_EQ(found->size(), 1U);
    ASSERT_EQ(found->front(), verdict(i));
    ++known;
  }
  EXPECT_GT(known, 0U);
  EXPECT_LT(known, 1'600'000U);
}

TEST(VerdictCache, KnowsManyKeysThatComeAgainAndAgain) {
  VerdictCache cache;
  constexpr std::uint32_t kKeys = 60'000;
  const std::vector<VerdictEntry> verdict(1);
  std::uint32_t unknown = 0;
  for (int round = 0; round < 20; ++round) {
    unknown = 0;
    for (std::uint32_t i = 0; i < kKeys; ++i) {
      const std::array<std::uint32_t, 2> key = {1, i};
      if (cache.find(key) != nullptr) continue;
      cache.add(key, verdict);
      ++unknown;
    }
  }
  EXPECT_EQ(unknown, 0U);
}

TEST(VerdictCache, TellsKeysApartThatBeginAlike) {
  VerdictCache cache;
  const std::array<std::uint32_t, 27> key = {1, 2, 0, 0};
  for (std::size_t size = 1; size <= key.size(); ++size) {
    ASSERT_EQ(cache.find(std::span(key).first(size)), nullptr);
    cache.add(std::span(key).first(size), std::vector<VerdictEntry>(size));
  }
  for (std::size_t size = 1; size <= key.size(); ++size) {
    const VerdictCache::Verdict* found = cache.find(std::span(key).first(size));
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->size(), size);
  }
}

}  // namespace
}  // namespace pcapml
