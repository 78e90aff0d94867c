// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pcapml {

/// Which end of a window of time a text stands for; both ends are inclusive.
enum class TimeEdge : bool { start, end };

/// Nanoseconds since the epoch of `1714564800.25` (seconds, no sign, no exponent) or
/// `2024-05-01T12:00:00.25Z`. An end without a fraction takes its whole second. Throws UsageError.
std::int64_t parse_time(std::string_view text, TimeEdge edge);

/// "1714564800.250000000", seconds since the epoch, exact.
std::string seconds_text(std::int64_t ns);

/// The seconds from one time to a later one, in the same form.
std::string duration_text(std::int64_t from_ns, std::int64_t to_ns);

/// "2024-05-01T12:00:00.25Z": as many digits as it needs.
std::string utc_text(std::int64_t ns);

}  // namespace pcapml
