// SPDX-License-Identifier: Apache-2.0
#include "label/rule_timeline.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace pcapml {
namespace {

constexpr std::int64_t kFirst = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kLast = std::numeric_limits<std::int64_t>::max();

TEST(RuleTimeline, HasNoRuleWithoutOne) {
  RuleTimeline timeline;
  timeline.build();
  EXPECT_EQ(timeline.first_at(0), kNoRule);
  EXPECT_EQ(timeline.first_at(std::nullopt), kNoRule);
  EXPECT_EQ(timeline.first(), kNoRule);
}

TEST(RuleTimeline, KnowsTheFirstAndTheLastNanosecondThereIs) {
  RuleTimeline timeline;
  timeline.add(3, kFirst, kFirst);
  timeline.add(5, kLast, kLast);
  timeline.add(7, kFirst, kLast);
  timeline.build();
  EXPECT_EQ(timeline.first_at(kFirst), 3U);
  EXPECT_EQ(timeline.first_at(kFirst + 1), 7U);
  EXPECT_EQ(timeline.first_at(kLast - 1), 7U);
  EXPECT_EQ(timeline.first_at(kLast), 5U);
  EXPECT_EQ(timeline.winners(), (std::set<std::uint32_t>{3, 5, 7}));
}

TEST(RuleTimeline, AnswersAsLookingThroughAllRules) {
  std::mt19937 random(11);
  for (int round = 0; round < 300; ++round) {
    struct Window {
      std::int64_t start, end;
      bool always;
    };
    std::vector<Window> rules;
    RuleTimeline timeline;
    for (std::uint32_t i = 0; i < 1 + random() % 30; ++i) {
      const auto start = static_cast<std::int64_t>(random() % 60);
      rules.push_back({start, start + static_cast<std::int64_t>(random() % 20), random() % 25 == 0});
      if (rules[i].always)
        timeline.add(i);
      else
        timeline.add(i, rules[i].start, rules[i].end);
    }
    timeline.build();
    for (int i = 0; i < 100; ++i) {
      const auto time = static_cast<std::int64_t>(random() % 90) - 5;
      std::uint32_t expected = 0;
      while (expected < rules.size() && !rules[expected].always &&
             (time < rules[expected].start || time > rules[expected].end))
        ++expected;
      ASSERT_EQ(timeline.first_at(time), expected == rules.size() ? kNoRule : expected)
          << round << ' ' << time;
    }
  }
}

}  // namespace
}  // namespace pcapml
