// SPDX-License-Identifier: Apache-2.0
#include "join/timeline.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

namespace pcapml {
namespace {

TEST(Timeline, CountsEachPacketInThePieceOfItsTime) {
  std::mt19937_64 random(1);
  for (const std::int64_t span :
       {1'000LL, 1'000'000'000LL, 86'400'000'000'000LL, 4'000'000'000'000'000'000LL}) {
    Timeline timeline;
    std::vector<std::int64_t> times;
    for (int i = 0; i < 3'000; ++i) {
      times.push_back(1'500'000'000'000'000'000 +
                      static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(span)));
      timeline.add(times.back(), i % 3 == 0 ? Timeline::Kind::unmatched : Timeline::Kind::matched);
    }
    const JoinTimeline result = timeline.result();
    ASSERT_LE(result.pieces.size(), 256U);
    std::vector<std::uint64_t> expected(result.pieces.size());
    for (const std::int64_t time : times)
      ++expected.at(static_cast<std::size_t>((time - result.start_ns) / result.piece_ns));
    std::uint64_t unmatched = 0;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_EQ(result.pieces[i].matched + result.pieces[i].unmatched, expected[i]);
      unmatched += result.pieces[i].unmatched;
    }
    EXPECT_EQ(unmatched, 1'000U);
  }
}

TEST(Timeline, HoldsAllOfTime) {
  Timeline timeline;
  timeline.add(0, Timeline::Kind::matched);
  timeline.add(std::numeric_limits<std::int64_t>::max(), Timeline::Kind::matched);
  timeline.add(std::numeric_limits<std::int64_t>::min(), Timeline::Kind::conflicting);
  const JoinTimeline result = timeline.result();
  EXPECT_LE(result.pieces.size(), 256U);
  EXPECT_EQ(result.pieces.front().conflicting, 1U);
  EXPECT_EQ(result.pieces.back().matched, 1U);
  EXPECT_TRUE(Timeline().result().pieces.empty());
}

}  // namespace
}  // namespace pcapml
