// SPDX-License-Identifier: Apache-2.0
#include "join/record_time.h"

#include <algorithm>
#include <chrono>
#include <limits>

namespace pcapml {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000, kMinute = 60 * kSecond, kHour = 60 * kMinute;
constexpr std::int64_t kLastSecond = 9'214'646'400;  // 2262-01-01
constexpr int kLastYear = 2261;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Takes pieces off the front of a text; never past its end.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  /// A number of at most so many digits, and how many it had.
  std::optional<std::int64_t> number(std::size_t most_digits, std::size_t* digits = nullptr) {
    std::int64_t value = 0;
    std::size_t n = 0;
    while (n < rest_.size() && is_digit(rest_[n])) {
      if (n == most_digits || value > std::numeric_limits<std::int64_t>::max() / 10 - 1) return std::nullopt;
      value = value * 10 + (rest_[n++] - '0');
    }
    if (n == 0) return std::nullopt;
    rest_.remove_prefix(n);
    if (digits != nullptr) *digits = n;
    return value;
  }
  bool take(char c) {
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::optional<char> one_of(std::string_view choice) {
    if (rest_.empty() || choice.find(rest_[0]) == std::string_view::npos) return std::nullopt;
    const char c = rest_[0];
    rest_.remove_prefix(1);
    return c;
  }
  bool word(std::string_view lower) {
    if (rest_.size() < lower.size()) return false;
    for (std::size_t i = 0; i < lower.size(); ++i)
      if ((static_cast<unsigned char>(rest_[i]) | 0x20) != static_cast<unsigned char>(lower[i])) return false;
    rest_.remove_prefix(lower.size());
    return true;
  }
  void blanks() {
    while (take(' ')) {
    }
  }
  bool empty() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

/// A fraction behind its point, in nanoseconds, and the value of its last digit.
std::optional<std::int64_t> fraction(Scanner& text, std::int64_t& unit_ns) {
  std::size_t digits = 0;
  const auto value = text.number(9, &digits);
  if (!value) return std::nullopt;
  unit_ns = kSecond;
  for (std::size_t i = 0; i < digits; ++i) unit_ns /= 10;
  return *value * unit_ns;
}

std::optional<TimeText> parse_epoch(std::string_view text) {
  Scanner rest(text);
  const auto whole = rest.number(19);
  if (!whole) return std::nullopt;
  TimeText result;
  result.time.is_absolute = true;
  result.unit_ns = *whole < 100'000'000'000           ? kSecond
                   : *whole < 100'000'000'000'000     ? 1'000'000
                   : *whole < 100'000'000'000'000'000 ? 1'000
                                                      : 1;
  const std::int64_t per_second = kSecond / result.unit_ns;
  if (*whole / per_second >= kLastSecond) return std::nullopt;
  result.time.ns = *whole * result.unit_ns;
  if (rest.take('.')) {
    const std::int64_t scale = result.unit_ns;
    std::int64_t part_unit = 0;
    const auto part = fraction(rest, part_unit);
    if (!part) return std::nullopt;
    result.time.ns += *part / (kSecond / scale);
    result.unit_ns = std::max<std::int64_t>(part_unit / (kSecond / scale), 1);
  }
  if (!rest.empty()) return std::nullopt;
  return result;
}

std::optional<std::int64_t> date_ns(std::int64_t year, std::int64_t month, std::int64_t day) {
  using namespace std::chrono;
  if (year < 1970 || year > kLastYear) return std::nullopt;
  const year_month_day date{std::chrono::year(static_cast<int>(year)),
                            std::chrono::month(static_cast<unsigned>(month)),
                            std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  return duration_cast<nanoseconds>(sys_days(date).time_since_epoch()).count();
}

std::optional<std::int64_t> parse_date(Scanner& text, TimeText& result) {
  std::size_t digits = 0;
  const auto first = text.number(4, &digits);
  const auto separator = text.one_of("/-.");
  if (!first || !separator) return std::nullopt;
  const auto second = text.number(2);
  if (!second || !text.take(*separator)) return std::nullopt;
  if (digits == 4) {
    const auto day = text.number(2);
    return day ? date_ns(*first, *second, *day) : std::nullopt;
  }
  const auto year = text.number(4, &digits);
  if (!year || digits != 4) return std::nullopt;
  const auto by_day = date_ns(*year, *second, *first), by_month = date_ns(*year, *first, *second);
  result.time.day_or_month = by_day && by_month && *first != *second;
  result.only_day_first = by_day && !by_month;
  result.only_month_first = by_month && !by_day;
  return by_day ? by_day : by_month;
}

/// AM or PM, and what an hour means with it.
bool parse_half(Scanner& text, std::int64_t& hour, TimeText& result) {
  text.blanks();
  const bool am = text.word("am") || text.word("a.m."), pm = !am && (text.word("pm") || text.word("p.m."));
  if (am || pm) {
    if (hour < 1 || hour > 12) return false;
    hour = hour % 12 + (pm ? 12 : 0);
  } else {
    result.time.twelve_or_more = hour >= 1 && hour <= 12;
    result.counts_to_24 = !result.time.twelve_or_more;
  }
  return true;
}

std::optional<std::int64_t> parse_clock(Scanner& text, TimeText& result) {
  auto hour = text.number(2);
  if (!hour || *hour > 23 || !text.take(':')) return std::nullopt;
  const auto minute = text.number(2);
  if (!minute || *minute > 59) return std::nullopt;
  result.unit_ns = kMinute;
  std::int64_t within = *minute * kMinute;
  if (text.take(':')) {
    const auto second = text.number(2);
    if (!second || *second > 60) return std::nullopt;  // a leap second
    within += *second * kSecond;
    result.unit_ns = kSecond;
    if (text.one_of(".,")) {
      const auto part = fraction(text, result.unit_ns);
      if (!part) return std::nullopt;
      within += *part;
    }
  }
  if (!parse_half(text, *hour, result)) return std::nullopt;
  return *hour * kHour + within;
}

/// An offset from UTC, or nothing.
bool parse_offset(Scanner& text, TimeText& result) {
  text.blanks();
  if (text.empty()) return true;
  std::int64_t offset = 0;
  if (const auto sign = text.one_of("+-")) {
    std::size_t digits = 0;
    const auto number = text.number(4, &digits);
    if (!number || digits == 3 || digits == 1) return false;
    std::int64_t hours = digits == 4 ? *number / 100 : *number, minutes = digits == 4 ? *number % 100 : 0;
    if (digits == 2 && text.take(':')) {
      const auto more = text.number(2);
      if (!more) return false;
      minutes = *more;
    }
    if (hours > 23 || minutes > 59) return false;
    offset = (hours * kHour + minutes * kMinute) * (*sign == '-' ? -1 : 1);
  } else if (!text.take('Z') && !text.word("utc") && !text.word("gmt")) {
    return false;
  }
  result.time.ns -= offset;
  result.time.is_absolute = true;
  result.time.twelve_or_more = false;
  return text.empty();
}

std::int64_t with_day_and_month_exchanged(std::int64_t ns) {
  using namespace std::chrono;
  const sys_time<nanoseconds> time{nanoseconds(ns)};
  const auto midnight = floor<days>(time);
  const year_month_day date(midnight);
  const auto exchanged = date_ns(static_cast<int>(date.year()), static_cast<unsigned>(date.day()),
                                 static_cast<unsigned>(date.month()));
  return exchanged ? *exchanged + (time - midnight).count() : ns;
}

}  // namespace

std::optional<TimeText> parse_record_time(std::string_view text) {
  if (auto epoch = parse_epoch(text)) return epoch;
  Scanner rest(text);
  TimeText result;
  const auto date = parse_date(rest, result);
  if (!date) return std::nullopt;
  if (!rest.take('T')) {
    if (!rest.take(' ')) return std::nullopt;
    rest.blanks();
  }
  const auto clock = parse_clock(rest, result);
  if (!clock) return std::nullopt;
  result.time.ns = *date + *clock;
  if (!parse_offset(rest, result)) return std::nullopt;
  return result;
}

std::int64_t read_clock(const RecordTime& time, ClockReading reading) {
  std::int64_t ns = time.ns;
  if (reading.month_first && time.day_or_month) ns = with_day_and_month_exchanged(ns);
  if (reading.twelve_hours && time.twelve_or_more) {
    const std::int64_t in_day = ns % (24 * kHour);
    if (in_day >= 12 * kHour) ns -= 12 * kHour;  // 12:xx is the first hour of its half
  }
  return ns;
}

void TimeFacts::add(const TimeText& text, std::uint64_t line) {
  ++times_;
  if (text.only_day_first && day_first_line_ == 0) day_first_line_ = line;
  if (text.only_month_first && month_first_line_ == 0) month_first_line_ = line;
  day_or_month_ |= text.time.day_or_month;
  twelve_or_more_ |= text.time.twelve_or_more;
  counts_to_24_ |= text.counts_to_24;
  has_local_times_ |= !text.time.is_absolute;
  text_unit_ns_ = times_ == 1 ? text.unit_ns : std::min(text_unit_ns_, text.unit_ns);
  std::int64_t needed = 1;
  for (const std::int64_t unit : {kMinute, kSecond, std::int64_t{1'000'000}, std::int64_t{1'000}})
    if (text.time.ns % unit == 0) {
      needed = unit;
      break;
    }
  value_unit_ns_ = times_ == 1 ? needed : std::min(value_unit_ns_, needed);
}

std::int64_t TimeFacts::resolution_ns() const {
  // Zeros in all of many times were not measured.
  constexpr std::uint64_t kMany = 32;
  return times_ < kMany ? text_unit_ns_ : std::max(text_unit_ns_, value_unit_ns_);
}

}  // namespace pcapml
