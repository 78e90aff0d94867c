// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace pcapml {

/// The rule by which a time zone goes on for ever: `CET-1CEST,M3.5.0,M10.5.0/3` (POSIX.1-2017, 8.3, TZ, with
/// the hours that RFC 8536, 3.3.1 adds).
class PosixZone {
 public:
  /// nullopt for anything else.
  static std::optional<PosixZone> parse(std::string_view text);

  std::int64_t standard_offset() const { return standard_; }
  /// When the offset from UTC changes in a year, and to what; in the order of time. Empty without summer
  /// time.
  std::vector<std::pair<std::int64_t, std::int64_t>> changes(int year) const;

 private:
  /// The day of a change and the time on the wall then.
  struct Day {
    enum class Kind : unsigned char { weekday, julian, zero_based } kind = Kind::weekday;
    int month = 0, week = 0, day = 0;
    std::int64_t seconds = 7'200;
    std::int64_t local_seconds(int year) const;
  };

  static bool parse_day(std::string_view& text, Day& day);

  std::int64_t standard_ = 0, summer_ = 0;
  bool has_summer_ = false;
  Day begin_, end_;
};

}  // namespace pcapml
