// SPDX-License-Identifier: Apache-2.0
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

std::optional<std::uint64_t> TimeResolution::to_ticks(std::int64_t timestamp_ns, std::int64_t offset_seconds) const {
  const Wide ns = Wide{timestamp_ns} - Wide{offset_seconds} * kNsPerSecond;
  if (ns < 0) return std::nullopt;
  Wide ticks = 0;
  if (is_binary()) {
    if (exponent() > 63) return std::nullopt;
    const Wide seconds = ns / kNsPerSecond;
    const Wide fraction = ns % kNsPerSecond;
    if (seconds > std::numeric_limits<std::int64_t>::max() >> exponent()) return std::nullopt;
    ticks = (seconds << exponent()) + ((fraction << exponent()) / kNsPerSecond);
  } else if (exponent() <= 9) {
    ticks = ns / power_of_ten(9 - exponent());
  } else {
    if (exponent() > 9 + 19 || ns > std::numeric_limits<std::uint64_t>::max()) return std::nullopt;
    ticks = ns * power_of_ten(exponent() - 9);
  }
  if (ticks > std::numeric_limits<std::uint64_t>::max()) return std::nullopt;
  return static_cast<std::uint64_t>(ticks);
}

}  // namespace pcapml
