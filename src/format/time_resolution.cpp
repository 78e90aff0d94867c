// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>

#include "pcapml/packet.h"

namespace pcapml {
namespace {

__extension__ using Wide = __int128;

constexpr Wide kNsPerSecond = 1'000'000'000;

/// 10^n, at most 10^38: that and all larger powers divide every 64-bit count to zero.
Wide power_of_ten(int n) {
  Wide value = 1;
  for (int i = 0; i < n && i < 38; ++i) value *= 10;
  return value;
}

}  // namespace

std::optional<std::int64_t> TimeResolution::to_ns(std::uint64_t ticks, std::int64_t offset_seconds) const {
  if (tsresol_ == 6 && offset_seconds == 0) {  // nearly every file
    if (ticks > std::numeric_limits<std::int64_t>::max() / 1000) return std::nullopt;
    return static_cast<std::int64_t>(ticks) * 1000;
  }
  Wide ns = ticks;
  if (is_binary()) {
    ns = ns * kNsPerSecond;  // below 2^94
    ns >>= exponent();       // at most 127
  } else if (exponent() <= 9) {
    ns *= power_of_ten(9 - exponent());
  } else {
    ns /= power_of_ten(exponent() - 9);
  }
  ns += Wide{offset_seconds} * kNsPerSecond;
  if (ns > std::numeric_limits<std::int64_t>::max() || ns < std::numeric_limits<std::int64_t>::min())
    return std::nullopt;
  return static_cast<std::int64_t>(ns);
}

std::optional<std::uint64_t> TimeResolution::to_ticks(std::int64_t timestamp_ns,
                                                      std::int64_t offset_seconds) const {
  const Wide ns = Wide{timestamp_ns} - Wide{offset_seconds} * kNsPerSecond;
  constexpr Wide kMost = std::numeric_limits<std::uint64_t>::max();
  if (ns < 0) return std::nullopt;
  if (ns == 0) return 0;
  Wide ticks = 0;
  if (is_binary()) {
    constexpr int kFinest = 93;  // beyond, a single nanosecond is more than 2^64 ticks
    const Wide seconds = ns / kNsPerSecond;
    if (exponent() > kFinest || seconds > kMost >> std::min(exponent(), 64)) return std::nullopt;
    ticks = (seconds << exponent()) + ((ns % kNsPerSecond) << exponent()) / kNsPerSecond;
  } else if (exponent() <= 9) {
    ticks = ns / power_of_ten(9 - exponent());
  } else {
    constexpr int kFinest = 28;  // beyond, a single nanosecond is more than 2^64 ticks
    if (exponent() > kFinest || ns > kMost) return std::nullopt;
    ticks = ns * power_of_ten(exponent() - 9);
  }
  if (ticks > kMost) return std::nullopt;
  const auto tick = static_cast<std::uint64_t>(ticks);
  const bool next_reads_right = is_binary() && ticks < kMost && to_ns(tick, offset_seconds) != timestamp_ns &&
                                to_ns(tick + 1, offset_seconds) == timestamp_ns;
  return next_reads_right ? tick + 1 : tick;
}

std::optional<std::int64_t> Interface::to_ns(std::uint64_t ticks) const {
  const auto ns = resolution.to_ns(ticks, offset_seconds);
  std::int64_t sum = 0;
  if (!ns || __builtin_add_overflow(*ns, std::int64_t{offset_ns}, &sum)) return std::nullopt;
  return sum;
}

std::optional<std::uint64_t> Interface::to_ticks(std::int64_t timestamp_ns) const {
  std::int64_t difference = 0;
  if (__builtin_sub_overflow(timestamp_ns, std::int64_t{offset_ns}, &difference)) return std::nullopt;
  return resolution.to_ticks(difference, offset_seconds);
}

}  // namespace pcapml
