// SPDX-License-Identifier: Apache-2.0
#include "capture/wall_clock.h"

#include <gtest/gtest.h>

namespace pcapml {
namespace {

struct FakeClocks {
  std::int64_t boot = 1'000;
  std::int64_t wall = 5'000'000'000;
  WallClock clock{[this] { return boot; }, [this] { return wall; }};
};

TEST(WallClock, OffsetsBootTimeToTheEpoch) {
  FakeClocks fake;
  EXPECT_EQ(fake.clock.offset_ns(), 4'999'999'000);
}

TEST(WallClock, StaysWhereClocksRunTogether) {
  FakeClocks fake;
  fake.boot += 10'000'000'000;
  fake.wall += 10'000'000'000;
  EXPECT_EQ(fake.clock.check(), 0);
}

TEST(WallClock, IgnoresStepsBelowAMillisecond) {
  FakeClocks fake;
  fake.wall += 999'999;
  EXPECT_EQ(fake.clock.check(), 0);
  EXPECT_EQ(fake.clock.offset_ns(), 4'999'999'000);
}

TEST(WallClock, FollowsALongerStepOnceAndSaysHowFar) {
  FakeClocks fake;
  fake.wall -= 3'600'000'000'000;
  EXPECT_EQ(fake.clock.check(), -3'600'000'000'000);
  EXPECT_EQ(fake.clock.check(), 0);
  EXPECT_EQ(fake.clock.offset_ns(), 4'999'999'000 - 3'600'000'000'000);
}

}  // namespace
}  // namespace pcapml
