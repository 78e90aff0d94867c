// SPDX-License-Identifier: Apache-2.0
#include "label/flow_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <random>

namespace pcapml {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::int64_t kFirstTime = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kLastTime = std::numeric_limits<std::int64_t>::max();

IpAddress host(unsigned number) {
  IpAddress address;
  address.version = 4;
  address.bytes = {10, 0, static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number)};
  return address;
}

FlowKey packet(unsigned source, unsigned source_port, unsigned destination, unsigned destination_port,
               unsigned protocol = 6) {
  return {host(source), host(destination), static_cast<std::uint16_t>(source_port),
          static_cast<std::uint16_t>(destination_port), static_cast<std::uint8_t>(protocol)};
}

FlowPattern exactly(const FlowKey& key) {
  return {{key.source, key.source_port}, {key.destination, key.destination_port}, key.protocol};
}

std::vector<std::uint32_t> all(const FlowRules& rules, const FlowKey& key, std::int64_t time) {
  std::vector<std::uint32_t> found;
  rules.all(key, time, found);
  return found;
}

bool fits(const FlowPattern::End& end, const IpAddress& address, std::uint16_t port) {
  return (end.address.version == 0 || end.address == address) && (!end.port || *end.port == port);
}

bool fits(const FlowPattern& pattern, const FlowKey& key) {
  if (pattern.protocol && *pattern.protocol != key.protocol) return false;
  const auto one_way = [&](const FlowKey& way) {
    return fits(pattern.a, way.source, way.source_port) &&
           fits(pattern.b, way.destination, way.destination_port);
  };
  return one_way(key) || one_way(key.reversed());
}

/// Counts what a sweep tells, and checks that rules open before they close.
struct Witness {
  const FlowRules& rules;
  std::vector<std::uint32_t> open;
  std::size_t spans = 0;

  void opens(std::uint32_t rule) { open.push_back(rule); }
  void closes(std::uint32_t rule) {
    const auto found = std::find(open.begin(), open.end(), rule);
    ASSERT_NE(found, open.end());
    open.erase(found);
  }
  void span(std::uint32_t index) {
    ++spans;
    const FlowRules::Span& span = rules.span(index);
    ASSERT_EQ(span.rules, open.size());
    ASSERT_EQ(span.first, open.empty() ? FlowRules::kNone : *std::min_element(open.begin(), open.end()));
  }
};

TEST(FlowRules, MatchAFlowInEitherDirection) {
  FlowRules rules;
  rules.add(exactly(packet(1, 1000, 2, 80)), 0, 9, 7);
  rules.build();
  EXPECT_EQ(rules.first(packet(1, 1000, 2, 80), 5), 7U);
  EXPECT_EQ(rules.first(packet(2, 80, 1, 1000), 5), 7U);
  EXPECT_EQ(rules.first(packet(1, 80, 2, 1000), 5), std::nullopt);
  EXPECT_EQ(rules.first(packet(1, 1000, 2, 80, 17), 5), std::nullopt);
}

TEST(FlowRules, BothEndsOfAWindowBelongToIt) {
  FlowRules rules;
  rules.add(exactly(packet(1, 1000, 2, 80)), 10, 20, 0);
  rules.build();
  for (const std::int64_t outside : {kFirstTime, std::int64_t{9}, std::int64_t{21}, kLastTime})
    EXPECT_EQ(rules.first(packet(1, 1000, 2, 80), outside), std::nullopt) << outside;
  EXPECT_EQ(rules.first(packet(1, 1000, 2, 80), 10), 0U);
  EXPECT_EQ(rules.first(packet(1, 1000, 2, 80), 20), 0U);
}

TEST(FlowRules, AWindowMayReachOverAllOfTime) {
  FlowRules rules;
  rules.add(exactly(packet(1, 1000, 2, 80)), kFirstTime, kLastTime, 3);
  rules.add(exactly(packet(1, 1000, 2, 80)), 5, kLastTime, 2);
  rules.build();
  EXPECT_EQ(rules.first(packet(1, 1000, 2, 80), kFirstTime), 3U);
  EXPECT_EQ(rules.first(packet(1, 1000, 2, 80), kLastTime), 2U);
  EXPECT_THAT(all(rules, packet(1, 1000, 2, 80), kLastTime), ElementsAre(2, 3));
}

TEST(FlowRules, AWindowThatEndsBeforeItBeginsHoldsNothingButItsFlowIsKnown) {
  FlowRules rules;
  rules.add(exactly(packet(1, 1000, 2, 80)), 2, 1, 3);
  rules.build();
  EXPECT_THAT(all(rules, packet(1, 1000, 2, 80), 1), IsEmpty());
  EXPECT_TRUE(rules.knows(packet(2, 80, 1, 1000)));
  EXPECT_FALSE(rules.knows(packet(2, 81, 1, 1000)));
}

TEST(FlowRules, WhatIsAbsentMatchesAnything) {
  FlowRules rules;
  rules.add({{host(1), std::nullopt}, {{}, 53}, std::nullopt}, 0, 9, 1);
  rules.add({{host(1), std::nullopt}, {host(2), std::nullopt}, 17}, 0, 9, 0);
  rules.add({}, 0, 9, 2);
  rules.build();
  EXPECT_THAT(all(rules, packet(1, 4000, 2, 53, 17), 5), ElementsAre(0, 1, 2));
  EXPECT_THAT(all(rules, packet(3, 53, 1, 4000, 6), 5), ElementsAre(1, 2));
  EXPECT_THAT(all(rules, packet(3, 53, 4, 4000, 6), 5), ElementsAre(2));
}

TEST(FlowRules, AHostThatTalksToItselfMatchesOnce) {
  FlowRules rules;
  rules.add({{host(1), std::nullopt}, {}, std::nullopt}, 0, 9, 1);
  rules.build();
  EXPECT_EQ(rules.spans_at(rules.patterns_of(packet(1, 5, 1, 5)), 5).size, 1U);
  EXPECT_THAT(all(rules, packet(1, 5, 1, 6), 5), ElementsAre(1));
}

TEST(FlowRules, AnswerAsTryingAllOfThemDoes) {
  struct Rule {
    FlowPattern pattern;
    std::int64_t start, end;
  };
  for (unsigned seed = 0; seed < 40; ++seed) {
    std::mt19937 random(seed);
    const auto below = [&random](unsigned n) { return static_cast<unsigned>(random() % n); };
    const auto end = [&] {
      FlowPattern::End made;
      if (below(4) != 0) made.address = host(below(3));
      if (below(3) != 0) made.port = static_cast<std::uint16_t>(below(3));
      return made;
    };
    std::vector<Rule> known;
    FlowRules rules;
    for (std::uint32_t i = 0; i < 60; ++i) {
      Rule rule{{end(), end(), {}}, below(50), 0};
      if (below(2) != 0) rule.pattern.protocol = static_cast<std::uint8_t>(below(2));
      rule.end = rule.start + below(30) - 2;
      rules.add(rule.pattern, rule.start, rule.end, i);
      known.push_back(rule);
    }
    rules.build();
    Witness witness{rules, {}};
    rules.sweep(witness);
    EXPECT_EQ(witness.spans, rules.span_count());
    EXPECT_THAT(witness.open, IsEmpty());
    for (int i = 0; i < 400; ++i) {
      const FlowKey key = packet(below(3), below(3), below(3), below(3), below(2));
      const std::int64_t time = below(90);
      std::vector<std::uint32_t> expected;
      for (std::uint32_t r = 0; r < known.size(); ++r)
        if (fits(known[r].pattern, key) && known[r].start <= time && time <= known[r].end)
          expected.push_back(r);
      ASSERT_EQ(all(rules, key, time), expected) << "seed " << seed;
      const auto first = rules.first(key, time);
      ASSERT_EQ(first, expected.empty() ? std::nullopt : std::optional(expected.front())) << "seed " << seed;
    }
  }
}

TEST(FlowRules, ManyWindowsOnOneFlowTakeOneSearch) {
  // All of them hold in the middle; tried one after the other these would be 10^10 comparisons.
  constexpr std::uint32_t kRules = 100'000;
  FlowRules rules;
  for (std::uint32_t i = 0; i < kRules; ++i)
    rules.add(exactly(packet(1, 1000, 2, 80)), i, std::int64_t{2} * kRules - i, kRules - 1 - i);
  rules.build();
  EXPECT_LE(rules.span_count(), 2 * kRules + 1);
  for (std::uint32_t i = 0; i < kRules; ++i)
    ASSERT_EQ(rules.first(packet(2, 80, 1, 1000), i), kRules - 1 - i);
  EXPECT_EQ(all(rules, packet(2, 80, 1, 1000), kRules).size(), kRules);
}

}  // namespace
}  // namespace pcapml
