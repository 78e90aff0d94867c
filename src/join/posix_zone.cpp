// SPDX-License-Identifier: Apache-2.0
#include "join/posix_zone.h"

#include <algorithm>
#include <chrono>

namespace pcapml {
namespace {

constexpr std::int64_t kDay = 86'400;

bool take(std::string_view& text, char c) {
  if (text.empty() || text[0] != c) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<int> number(std::string_view& text) {
  int value = 0;
  std::size_t n = 0;
  for (; n < text.size() && n < 3 && text[n] >= '0' && text[n] <= '9'; ++n)
    value = value * 10 + (text[n] - '0');
  if (n == 0) return std::nullopt;
  text.remove_prefix(n);
  return value;
}

/// An abbreviation: letters, or anything in angle brackets.
bool take_name(std::string_view& text) {
  if (take(text, '<')) {
    const std::size_t end = text.find('>');
    if (end == std::string_view::npos) return false;
    text.remove_prefix(end + 1);
    return true;
  }
  std::size_t n = 0;
  while (n < text.size() && ((text[n] | 0x20) >= 'a' && (text[n] | 0x20) <= 'z')) ++n;
  text.remove_prefix(n);
  return n >= 3;
}

/// [+-]h[:m[:s]] in seconds.
std::optional<std::int64_t> take_time(std::string_view& text) {
  const bool negative = take(text, '-');
  if (!negative) take(text, '+');
  const auto hours = number(text);
  if (!hours || *hours > 167) return std::nullopt;
  std::int64_t seconds = *hours * 3600;
  for (const int unit : {60, 1}) {
    if (!take(text, ':')) break;
    const auto part = number(text);
    if (!part || *part > 59) return std::nullopt;
    seconds += *part * unit;
  }
  return negative ? -seconds : seconds;
}

}  // namespace

bool PosixZone::parse_day(std::string_view& text, Day& day) {
  if (!take(text, ',')) return false;
  if (take(text, 'M')) {
    const auto month = number(text);
    if (!month || *month < 1 || *month > 12 || !take(text, '.')) return false;
    const auto week = number(text);
    if (!week || *week < 1 || *week > 5 || !take(text, '.')) return false;
    const auto weekday = number(text);
    if (!weekday || *weekday > 6) return false;
    day.month = *month;
    day.week = *week;
    day.day = *weekday;
  } else {
    day.kind = take(text, 'J') ? Day::Kind::julian : Day::Kind::zero_based;
    const auto of_year = number(text);
    if (!of_year || *of_year > 365) return false;
    day.day = *of_year;
  }
  if (!take(text, '/')) return true;
  const auto time = take_time(text);
  if (time) day.seconds = *time;
  return time.has_value();
}

std::optional<PosixZone> PosixZone::parse(std::string_view text) {
  PosixZone zone;
  if (!take_name(text)) return std::nullopt;
  const auto standard = take_time(text);
  if (!standard) return std::nullopt;
  zone.standard_ = -*standard;  // POSIX counts what is to be added to get UTC
  if (text.empty()) return zone;
  zone.has_summer_ = true;
  zone.summer_ = zone.standard_ + 3600;
  if (!take_name(text)) return std::nullopt;
  if (!text.empty() && text[0] != ',') {
    const auto summer = take_time(text);
    if (!summer) return std::nullopt;
    zone.summer_ = -*summer;
  }
  if (!parse_day(text, zone.begin_) || !parse_day(text, zone.end_) || !text.empty()) return std::nullopt;
  return zone;
}

std::int64_t PosixZone::Day::local_seconds(int year) const {
  using namespace std::chrono;
  const auto in_year = std::chrono::year(year);
  sys_days date = sys_days(in_year / January / 1);
  switch (kind) {
    case Kind::weekday: {
      const auto of = std::chrono::month(static_cast<unsigned>(month));
      const std::chrono::weekday on(static_cast<unsigned>(day));
      date = week == 5 ? sys_days(in_year / of / on[last])
                       : sys_days(in_year / of / on[static_cast<unsigned>(week)]);
      break;
    }
    case Kind::julian: {  // the 29th of February is not counted
      const bool after_leap_day = in_year.is_leap() && day >= 60;
      date += days(day - 1 + (after_leap_day ? 1 : 0));
      break;
    }
    case Kind::zero_based: date += days(day); break;
  }
  return date.time_since_epoch().count() * kDay + seconds;
}

std::vector<std::pair<std::int64_t, std::int64_t>> PosixZone::changes(int year) const {
  if (!has_summer_) return {};
  std::vector<std::pair<std::int64_t, std::int64_t>> both = {
      {begin_.local_seconds(year) - standard_, summer_}, {end_.local_seconds(year) - summer_, standard_}};
  std::sort(both.begin(), both.end());
  return both;
}

}  // namespace pcapml
