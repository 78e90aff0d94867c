// SPDX-License-Identifier: Apache-2.0
#include "dataset/time_text.h"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <optional>

#include "pcapml/error.h"

namespace pcapml {
namespace {

constexpr std::int64_t kNsPerSecond = 1'000'000'000;
constexpr std::int64_t kLastSecond = 9'223'372'035;  // the last whole one of 64-bit nanoseconds

std::optional<std::int64_t> digits(std::string_view text) {
  std::int64_t value = 0;
  if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return std::nullopt;
  return value;
}

/// Fields of fixed width, as in `YYYY-MM-DDThh:mm:ss`.
std::optional<std::int64_t> utc_seconds(std::string_view text) {
  constexpr std::string_view kForm = "0000-00-00T00:00:00";
  if (text.size() != kForm.size()) return std::nullopt;
  for (std::size_t i = 0; i < kForm.size(); ++i)
    if (kForm[i] != '0' && text[i] != kForm[i]) return std::nullopt;
  const auto number = [text](std::size_t at, std::size_t size) {
    return static_cast<int>(digits(text.substr(at, size)).value_or(-1));
  };
  const int year = number(0, 4), month = number(5, 2), day = number(8, 2);
  const int hour = number(11, 2), minute = number(14, 2), second = number(17, 2);
  if (year < 1970 || month < 0 || day < 0 || hour < 0 || hour > 23 || minute < 0 || minute > 59 ||
      second < 0 || second > 59)
    return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date).time_since_epoch().count() * std::int64_t{86400} + hour * 3600 +
         minute * 60 + second;
}

/// A fraction in nanoseconds. What is finer moves a start to the next one, since packets have none finer.
std::optional<std::int64_t> fraction_ns(std::string_view text, TimeEdge edge) {
  if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  std::string nine(text.substr(0, 9));
  nine.resize(9, '0');
  const bool finer = text.size() > 9 && text.find_first_not_of('0', 9) != std::string_view::npos;
  return *digits(nine) + (finer && edge == TimeEdge::start ? 1 : 0);
}

}  // namespace

std::int64_t parse_time(std::string_view text, TimeEdge edge) {
  std::string_view whole = text;
  const bool is_utc = !whole.empty() && whole.back() == 'Z';
  if (is_utc) whole.remove_suffix(1);
  const std::size_t point = whole.find('.');
  const std::string_view fraction = point == std::string_view::npos ? "" : whole.substr(point + 1);
  whole = whole.substr(0, point);

  const auto seconds = is_utc ? utc_seconds(whole) : digits(whole);
  const auto ns = point != std::string_view::npos
                      ? fraction_ns(fraction, edge)
                      : std::optional(edge == TimeEdge::end ? kNsPerSecond - 1 : 0);
  if (!seconds || !ns)
    throw UsageError(
        fmt::format("'{}' is no time; give seconds since 1970 (1714564800.25) or UTC "
                    "(2024-05-01T12:00:00.25Z)",
                    text));
  if (*seconds > kLastSecond) throw UsageError(fmt::format("the time '{}' lies beyond the year 2262", text));
  return *seconds * kNsPerSecond + *ns;
}

std::string seconds_text(std::int64_t ns) {
  // Times before 1970 are rare but legal; their fraction counts backwards in text.
  const std::uint64_t distance =
      ns < 0 ? ~static_cast<std::uint64_t>(ns) + 1 : static_cast<std::uint64_t>(ns);
  return fmt::format("{}{}.{:09}", ns < 0 ? "-" : "", distance / kNsPerSecond, distance % kNsPerSecond);
}

std::string duration_text(std::int64_t from_ns, std::int64_t to_ns) {
  const std::uint64_t distance = static_cast<std::uint64_t>(to_ns) - static_cast<std::uint64_t>(from_ns);
  return fmt::format("{}.{:09}", distance / kNsPerSecond, distance % kNsPerSecond);
}

std::string utc_text(std::int64_t ns) {
  using namespace std::chrono;
  const sys_time<nanoseconds> time{nanoseconds(ns)};
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(time - day);
  std::string text = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                                 static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                                 clock.hours().count(), clock.minutes().count(), clock.seconds().count());
  std::string fraction = fmt::format(".{:09}", clock.subseconds().count());
  fraction.erase(fraction.find_last_not_of('0') + 1);
  return text + (fraction == "." ? "" : fraction) + "Z";
}

}  // namespace pcapml
