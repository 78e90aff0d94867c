// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace pcapml {

/// A time as a table has it, and what its text leaves open.
struct RecordTime {
  std::int64_t ns = 0;          ///< since 1970 by the table's clock; day first where both orders are a date
  bool is_absolute = false;     ///< seconds since 1970 UTC, or with an offset of its own
  bool day_or_month = false;    ///< `03/04/2017`: the other order is another date
  bool twelve_or_more = false;  ///< hour 1 to 12 without AM or PM
};

/// How the times of a table are to be read.
struct ClockReading {
  bool month_first = false;
  bool twelve_hours = false;  ///< hours are those of a 12-hour clock whose AM and PM got lost
  bool operator==(const ClockReading&) const = default;
};

/// The time under this reading, before noon where that is open.
std::int64_t read_clock(const RecordTime& time, ClockReading reading);

/// One time with what it says of the others in its column.
struct TimeText {
  RecordTime time;
  std::int64_t unit_ns = 0;  ///< of its last digit
  bool only_day_first = false;
  bool only_month_first = false;
  bool counts_to_24 = false;  ///< an hour that no 12-hour clock has
};

/// Seconds, milli-, micro- or nanoseconds since 1970 (told apart by their size), ISO 8601 with `T` or a
/// blank, `Y/m/d`, `d/m/Y` or `m/d/Y` with `/`, `-` or `.`; `h:m`, `h:m:s` or fractions of at most nine
/// digits; AM or PM; an offset from UTC. nullopt for anything else, and outside of the years 1970 to 2261.
std::optional<TimeText> parse_record_time(std::string_view text);

/// What the times of a whole table say.
class TimeFacts {
 public:
  void add(const TimeText& text, std::uint64_t line);

  /// 0 where no time was of this kind, else the line of the first.
  std::uint64_t day_first_line() const { return day_first_line_; }
  std::uint64_t month_first_line() const { return month_first_line_; }
  bool day_order_is_open() const { return day_or_month_ && day_first_line_ == 0 && month_first_line_ == 0; }
  bool clock_is_open() const { return twelve_or_more_ && !counts_to_24_; }
  bool has_local_times() const { return has_local_times_; }
  /// Nanoseconds from one time to the next one that the table could express.
  std::int64_t resolution_ns() const;

 private:
  std::uint64_t times_ = 0;
  std::uint64_t day_first_line_ = 0, month_first_line_ = 0;
  std::int64_t text_unit_ns_ = 0;   // the finest that is written
  std::int64_t value_unit_ns_ = 0;  // the finest that is not zero everywhere
  bool day_or_month_ = false, twelve_or_more_ = false, counts_to_24_ = false, has_local_times_ = false;
};

}  // namespace pcapml
