// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "pcapml/packet.h"

namespace pcapml {
namespace {

constexpr std::int64_t kLastNs = std::numeric_limits<std::int64_t>::max();
constexpr std::uint64_t kLastTick = std::numeric_limits<std::uint64_t>::max();

/// Natural numbers of any size, for an oracle that shares nothing with the code under test.
class Wide {
 public:
  explicit Wide(std::uint64_t v) {
    for (; v != 0; v >>= 16) digits_.push_back(static_cast<std::uint16_t>(v & 0xffff));
  }
  Wide times(std::uint32_t factor) const {
    Wide result(0);
    std::uint64_t carry = 0;
    for (const std::uint16_t digit : digits_) {
      carry += std::uint64_t{digit} * factor;
      result.digits_.push_back(static_cast<std::uint16_t>(carry & 0xffff));
      carry >>= 16;
    }
    for (; carry != 0; carry >>= 16) result.digits_.push_back(static_cast<std::uint16_t>(carry & 0xffff));
    return result;
  }
  Wide times_power(std::uint32_t base, int exponent) const {
    Wide result = *this;
    for (int i = 0; i < exponent; ++i) result = result.times(base);
    return result;
  }
  bool operator<=(const Wide& other) const {
    if (digits_.size() != other.digits_.size()) return digits_.size() < other.digits_.size();
    for (std::size_t i = digits_.size(); i-- > 0;)
      if (digits_[i] != other.digits_[i]) return digits_[i] < other.digits_[i];
    return true;
  }

 private:
  std::vector<std::uint16_t> digits_;
};

std::uint32_t base_of(TimeResolution r) { return r.is_binary() ? 2 : 10; }

/// Whether `ns` is the last nanosecond that is not after the tick: ns * base^e <= ticks * 10^9 < (ns + 1) *
/// base^e.
bool is_rounded_down(std::uint64_t ns, std::uint64_t ticks, TimeResolution r) {
  const Wide exact = Wide(ticks).times(1'000'000'000);
  return Wide(ns).times_power(base_of(r), r.exponent()) <= exact &&
         !(Wide(ns + 1).times_power(base_of(r), r.exponent()) <= exact);
}

std::vector<std::uint64_t> interesting_ticks() {
  std::vector<std::uint64_t> ticks{0, 1, 2, 999, 1'000'000, kLastTick, kLastTick - 1, std::uint64_t{1} << 63};
  std::mt19937_64 random(1);
  for (int i = 0; i < 40; ++i) ticks.push_back(random() >> (i + i / 3) % 64);
  return ticks;
}

TEST(TimeResolution, EveryTickOfEveryResolutionIsExactToTheNanosecondOrRefused) {
  const auto all_ticks = interesting_ticks();
  for (int tsresol = 0; tsresol < 256; ++tsresol) {
    const TimeResolution resolution(static_cast<std::uint8_t>(tsresol));
    for (const std::uint64_t ticks : all_ticks) {
      const auto ns = resolution.to_ns(ticks, 0);
      if (ns) {
        ASSERT_GE(*ns, 0);
        ASSERT_TRUE(is_rounded_down(static_cast<std::uint64_t>(*ns), ticks, resolution))
            << tsresol << " " << ticks;
      } else {  // refused only where it is beyond 64-bit nanoseconds
        const Wide limit =
            Wide(std::uint64_t{1} << 63).times_power(base_of(resolution), resolution.exponent());
        ASSERT_TRUE(limit <= Wide(ticks).times(1'000'000'000)) << tsresol << " " << ticks;
      }
    }
  }
}

TEST(TimeResolution, ATimeBecomesTheFirstTickThatReadsAsThatTime) {
  std::mt19937_64 random(2);
  for (int tsresol = 0; tsresol < 256; ++tsresol) {
    const TimeResolution resolution(static_cast<std::uint8_t>(tsresol));
    for (int i = 0; i < 40; ++i) {
      const auto ns = static_cast<std::int64_t>(random() >> (1 + i));
      const auto tick = resolution.to_ticks(ns, 0);
      if (!tick) {  // beyond 2^64 ticks
        const Wide limit = Wide(kLastTick).times(1'000'000'000);
        ASSERT_FALSE(
            Wide(static_cast<std::uint64_t>(ns)).times_power(base_of(resolution), resolution.exponent()) <=
            limit)
            << tsresol << " " << ns;
        continue;
      }
      const auto back = resolution.to_ns(*tick, 0);
      ASSERT_TRUE(back && *back <= ns) << tsresol << " " << ns;
      const bool exact = *back == ns;
      const auto next = *tick != kLastTick ? resolution.to_ns(*tick + 1, 0) : std::nullopt;
      ASSERT_TRUE(exact || !next || *next > ns) << tsresol << " " << ns;
      ASSERT_TRUE(!exact || *tick == 0 || *resolution.to_ns(*tick - 1, 0) < ns) << tsresol << " " << ns;
      const bool fine = resolution.exponent() >= (resolution.is_binary() ? 30 : 9);
      ASSERT_TRUE(exact || !fine) << tsresol << " " << ns;
    }
  }
}

TEST(TimeResolution, OffsetsShiftBothWays) {
  const auto micro = TimeResolution::micro();
  EXPECT_EQ(micro.to_ns(5, 2), 2'000'005'000);
  EXPECT_EQ(micro.to_ns(5, -2), -1'999'995'000);
  EXPECT_EQ(micro.to_ticks(2'000'005'000, 2), 5);
  EXPECT_EQ(micro.to_ticks(-1'999'995'000, -2), 5);
  EXPECT_EQ(micro.to_ticks(1, 1), std::nullopt) << "before the offset there is no tick";
  EXPECT_EQ(micro.to_ns(0, std::numeric_limits<std::int64_t>::max()), std::nullopt);
  EXPECT_EQ(micro.to_ns(kLastTick, std::numeric_limits<std::int64_t>::min()), std::nullopt);
  // Neither part alone is a 64-bit time, their sum is.
  EXPECT_EQ(micro.to_ns(10'000'000'000'000'000, -5'000'000'000), 5'000'000'000'000'000'000);
}

TEST(TimeResolution, TheYear2262IsTheEnd) {
  const auto micro = TimeResolution::micro();
  EXPECT_EQ(micro.to_ns(kLastNs / 1000, 0), kLastNs / 1000 * 1000);
  EXPECT_EQ(micro.to_ns(kLastNs / 1000 + 1, 0), std::nullopt);
  EXPECT_EQ(TimeResolution::nano().to_ns(kLastNs, 0), kLastNs);
  EXPECT_EQ(TimeResolution::nano().to_ns(std::uint64_t{kLastNs} + 1, 0), std::nullopt);
}

TEST(TimeResolution, BinaryTicksGoOnAfterTheYear2038) {
  const TimeResolution ntp(0x80 | 32);
  const std::int64_t year_2100 = 4'102'444'800;
  EXPECT_EQ(ntp.to_ticks(year_2100 * 1'000'000'000, 0), static_cast<std::uint64_t>(year_2100) << 32);
}

TEST(Interface, BothOffsetsCount) {
  Interface interface;
  interface.offset_seconds = -3;
  interface.offset_ns = -7;
  EXPECT_EQ(interface.to_ns(4'000'000), 999'999'993);
  EXPECT_EQ(interface.to_ticks(999'999'993), 4'000'000);
  interface = {};
  interface.offset_ns = 1;
  interface.resolution = TimeResolution::nano();
  EXPECT_EQ(interface.to_ns(kLastNs), std::nullopt);
}

}  // namespace
}  // namespace pcapml
