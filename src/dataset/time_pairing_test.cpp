// SPDX-License-Identifier: Apache-2.0
#include "dataset/time_pairing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <tuple>

namespace pcapml {
namespace {

using Times = std::vector<std::int64_t>;
using Partners = std::vector<std::uint32_t>;

/// Partners of all packets, the truth's first.
Partners pair_times(const Times& truth, const Times& test) {
  const auto truth_packets = static_cast<std::uint32_t>(truth.size());
  std::vector<PairingEntry> line;
  for (const Times* side : {&truth, &test})
    for (const std::int64_t time : *side)
      line.push_back({TimePairing::time_key(time), 0, static_cast<std::uint32_t>(line.size())});
  TimePairing(truth_packets).pair(line);
  Partners partners(line.size());
  for (const auto& entry : line) partners[entry.packet] = entry.more;
  return partners;
}

Partners pair_slowly(const Times& truth, const Times& test) {
  std::vector<std::tuple<std::uint64_t, std::uint32_t, std::uint32_t>> all;
  const auto truth_packets = static_cast<std::uint32_t>(truth.size());
  for (std::uint32_t t = 0; t < truth.size(); ++t)
    for (std::uint32_t s = 0; s < test.size(); ++s) {
      const auto a = static_cast<std::uint64_t>(truth[t]), b = static_cast<std::uint64_t>(test[s]);
      all.emplace_back(truth[t] < test[s] ? b - a : a - b, t, truth_packets + s);
    }
  std::sort(all.begin(), all.end());
  Partners partners(truth.size() + test.size(), TimePairing::kNone);
  for (const auto& [distance, t, s] : all) {
    if (partners[t] != TimePairing::kNone || partners[s] != TimePairing::kNone) continue;
    partners[t] = s;
    partners[s] = t;
  }
  return partners;
}

TEST(TimePairing, AsManyOnBothSidesMeetInTheOrderOfTimes) {
  EXPECT_EQ(pair_times({3, 1, 2}, {103, 102, 101}), (Partners{3, 5, 4, 0, 2, 1}));
  EXPECT_EQ(pair_times({5, 5}, {9, 9}), (Partners{2, 3, 0, 1})) << "ties by the order of the file";
}

TEST(TimePairing, OtherwiseTheNearestMeetFirst) {
  constexpr std::uint32_t kNone = TimePairing::kNone;
  EXPECT_EQ(pair_times({10, 20, 30}, {29, 19}), (Partners{kNone, 4, 3, 2, 1}));
  EXPECT_EQ(pair_times({10}, {15, 5}), (Partners{1, 0, kNone})) << "a tie goes to the first in the file";
  EXPECT_EQ(pair_times({10, 12, 11}, {20}), (Partners{kNone, 3, kNone, 1}));
  EXPECT_EQ(pair_times({1, 2}, {}), (Partners{kNone, kNone}));
}

TEST(TimePairing, TheFarthestTimesOfAllDoNotOverflow) {
  constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(pair_times({kMin}, {kMax, kMax - 1}), (Partners{2, TimePairing::kNone, 0}));
  EXPECT_EQ(pair_times({kMax, kMin}, {0}), (Partners{2, TimePairing::kNone, 0}));
}

TEST(TimePairing, AgreesWithTryingAllPairs) {
  std::mt19937 random(7);
  for (int round = 0; round < 3000; ++round) {
    const std::size_t most = round % 10 == 0 ? 120 : 9;
    const unsigned span = 1 + static_cast<unsigned>(random() % (round % 3 == 0 ? 6 : 200));
    const auto draw = [&] {
      Times times(random() % most);
      for (auto& time : times) time = static_cast<std::int64_t>(random() % span) - 3;
      return times;
    };
    const Times a = draw(), b = draw();
    if (a.size() == b.size()) continue;
    ASSERT_EQ(pair_times(a, b), pair_slowly(a, b)) << "round " << round;
  }
}

TEST(PairingEntry, SortsAsStdSortDoes) {
  std::mt19937_64 random(11);
  for (const std::uint64_t mask :
       {~std::uint64_t{0}, std::uint64_t{0xff}, std::uint64_t{0x00ff00ff0000ff00}, std::uint64_t{0}}) {
    std::vector<PairingEntry> entries(20'000);
    for (auto& e : entries)
      e = {random() & mask, static_cast<std::uint32_t>(random() % 3), static_cast<std::uint32_t>(random())};
    auto expected = entries;
    std::sort(expected.begin(), expected.end());
    sort_entries(entries);
    for (std::size_t i = 0; i < entries.size(); ++i)
      ASSERT_TRUE(!(entries[i] < expected[i]) && !(expected[i] < entries[i])) << i;
  }
}

}  // namespace
}  // namespace pcapml
