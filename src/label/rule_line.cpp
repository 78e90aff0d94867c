// SPDX-License-Identifier: Apache-2.0
#include "label/rule_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <utility>

#include "label/process_condition.h"
#include "label/text.h"

namespace pcapml {
namespace {

constexpr std::array<std::string_view, 8> kKeywords = {
    "BPF:", "TS_START:", "TS_END:", "FILE:", "LABEL:", "DST:", "DIR:", "PROC:"};
constexpr std::string_view kConditions =
    "BPF:<filter>, TS_START:<time>, TS_END:<time>, FILE:<path>, LABEL:<pattern>, DST:<pattern>, DIR:e, DIR:i "
    "or "
    "PROC:<key><op><value>";
/// What compare calls packets without a label.
constexpr std::string_view kUnlabeled = "<unlabeled>";
constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kLastNs = std::numeric_limits<std::int64_t>::max();
constexpr auto npos = std::string_view::npos;

std::string_view trimmed_front(std::string_view text) {
  return text.substr(std::min(text.find_first_not_of(" \t"), text.size()));
}

std::string_view trimmed(std::string_view text) {
  return trimmed_front(text.substr(0, text.find_last_not_of(" \t") + 1));
}

std::string_view keyword_at(std::string_view text) {
  for (const std::string_view keyword : kKeywords)
    if (text.starts_with(keyword)) return keyword;
  return {};
}

/// Where the value that begins at `from` ends: at a `|` that a keyword follows. Every other one belongs to
/// it.
std::size_t end_of_value(std::string_view text, std::size_t from) {
  for (std::size_t bar = text.find('|', from); bar != npos; bar = text.find('|', bar + 1))
    if (!keyword_at(trimmed_front(text.substr(bar + 1))).empty()) return bar;
  return text.size();
}

enum class TimeError { none, malformed, too_fine, too_late };

struct Time {
  std::int64_t seconds = 0, nanoseconds = 0;
  bool whole = true;  ///< written without a fraction
  TimeError error = TimeError::none;
};

Time parse_seconds(std::string_view text) {
  const std::size_t dot = text.find('.');
  const std::string_view whole = text.substr(0, dot);
  const std::string_view fraction = dot == npos ? std::string_view{} : text.substr(dot + 1);
  const auto is_number = [](std::string_view digits) {
    return !digits.empty() && digits.find_first_not_of("0123456789") == npos;
  };
  if (!is_number(whole) || (dot != npos && !is_number(fraction))) return {.error = TimeError::malformed};
  if (fraction.size() > 9) return {.error = TimeError::too_fine};
  Time time{.whole = dot == npos};
  for (const char digit : whole) {
    time.seconds = time.seconds * 10 + (digit - '0');
    if (time.seconds > kLastNs / kSecond) return {.error = TimeError::too_late};
  }
  for (std::size_t i = 0; i < 9; ++i)
    time.nanoseconds = time.nanoseconds * 10 + (i < fraction.size() ? fraction[i] - '0' : 0);
  if (time.seconds == kLastNs / kSecond && time.nanoseconds > kLastNs % kSecond)
    return {.error = TimeError::too_late};
  return time;
}

}  // namespace

bool RuleLineParser::parse(std::string_view line, Rule& rule) {
  reasons_.clear();
  if (!is_text(line) || !split(trimmed_front(line))) return false;
  parse_conditions(trimmed(fields_[0]), rule);
  parse_label(rule);
  return reasons_.empty();
}

bool RuleLineParser::is_text(std::string_view line) {
  if (const std::size_t valid = valid_utf8_prefix(line); valid < line.size()) {
    reasons_.push_back(
        fmt::format("byte {} of the line is no valid UTF-8; save the file in that encoding", valid + 1));
  } else if (line.find('\0') != npos) {
    reasons_.emplace_back("the line holds a zero byte; a label file is plain text");
  }
  return reasons_.empty();
}

/// RFC 4180, section 2, but for line ends inside quotes: a rule is one line.
bool RuleLineParser::split(std::string_view line) {
  count_ = 0;
  for (std::string_view rest = line;;) {
    if (fields_.size() == count_) fields_.emplace_back();
    if (rest.starts_with('"')) {
      if (!take_quoted(rest)) return false;
    } else {
      fields_[count_] = rest.substr(0, rest.find(','));
      rest.remove_prefix(fields_[count_].size());
    }
    ++count_;
    if (rest.empty()) return true;
    rest.remove_prefix(1);
  }
}

bool RuleLineParser::take_quoted(std::string_view& rest) {
  std::string& field = fields_[count_];
  field.clear();
  for (rest.remove_prefix(1);; rest.remove_prefix(2)) {
    const std::size_t quote = rest.find('"');
    if (quote == npos) {
      reasons_.push_back(fmt::format("the quote that opens field {} is never closed", count_ + 1));
      return false;
    }
    field.append(rest, 0, quote);
    rest.remove_prefix(quote);
    if (!rest.starts_with("\"\"")) break;
    field += '"';
  }
  rest.remove_prefix(1);
  if (rest.empty() || rest[0] == ',') return true;
  reasons_.push_back(fmt::format("{} follows the closing quote of field {}; a quote inside is written twice",
                                 shown(rest.substr(0, rest.find(','))), count_ + 1));
  return false;
}

void RuleLineParser::parse_conditions(std::string_view text, Rule& rule) {
  seen_ = 0;
  if (keyword_at(text).empty()) {
    reasons_.push_back(text.empty()
                           ? fmt::format("no condition; begin with {}", kConditions)
                           : fmt::format("{} is no condition; begin with {}", shown(text), kConditions));
    return;
  }
  while (!text.empty()) {
    const std::string_view keyword = keyword_at(text);
    const std::size_t end = end_of_value(text, keyword.size());
    parse_condition(keyword, trimmed(text.substr(keyword.size(), end - keyword.size())), rule);
    text = end == text.size() ? std::string_view{} : trimmed_front(text.substr(end + 1));
  }
  std::vector<ProcessCondition>& process = rule.carried.process;
  std::sort(process.begin(), process.end());
  process.erase(std::unique(process.begin(), process.end()), process.end());
  if (rule.start_ns > rule.end_ns) reasons_.emplace_back("TS_END is before TS_START");
}

void RuleLineParser::parse_condition(std::string_view keyword, std::string_view value, Rule& rule) {
  unsigned bit = 1;
  for (const std::string_view known : kKeywords) {
    if (known == keyword) break;
    bit <<= 1;
  }
  if ((seen_ & bit) != 0 && keyword != "PROC:")
    reasons_.push_back(fmt::format("{} stands twice; one rule has it at most once", keyword));
  else if (value.empty())
    reasons_.push_back(fmt::format("{} has no value; write one or leave the keyword out", keyword));
  else if (keyword == "BPF:")
    rule.filter = value;
  else if (keyword == "FILE:")
    rule.file = value;
  else if (keyword.starts_with("TS_"))
    parse_time(keyword, value, rule);
  else
    parse_carried(keyword, value, rule.carried);
  seen_ |= bit;
}

void RuleLineParser::parse_carried(std::string_view keyword, std::string_view value,
                                   CarriedConditions& carried) {
  std::string reason;
  if (keyword == "LABEL:")
    carried.label = value;
  else if (keyword == "DST:")
    carried.destination = value;
  else if (keyword == "PROC:")
    parse_process_condition(value, carried.process.emplace_back(), reason);
  else if (value == "e" || value == "i")
    carried.direction = value[0];
  else
    reason = fmt::format("DIR: {} is no direction; write e for egress or i for ingress", shown(value));
  if (!reason.empty()) reasons_.push_back(std::move(reason));
}

void RuleLineParser::parse_time(std::string_view keyword, std::string_view value, Rule& rule) {
  const Time time = parse_seconds(value);
  switch (time.error) {
    case TimeError::malformed:
      reasons_.push_back(
          fmt::format("{} {} is no time; write seconds since 1970, as 1700000000 or 1700000000.25", keyword,
                      shown(value)));
      return;
    case TimeError::too_fine:
      reasons_.push_back(fmt::format("{} {} has more than nine decimals; times end at the nanosecond",
                                     keyword, shown(value)));
      return;
    case TimeError::too_late:
      reasons_.push_back(
          fmt::format("{} {} is beyond the year 2262; write seconds since 1970", keyword, shown(value)));
      return;
    case TimeError::none: break;
  }
  rule.has_window = true;
  const std::int64_t start = time.seconds * kSecond + time.nanoseconds;
  if (keyword == "TS_START:")
    rule.start_ns = start;
  else if (!time.whole)
    rule.end_ns = start;
  else
    rule.end_ns = time.seconds == kLastNs / kSecond ? kLastNs : start + (kSecond - 1);
}

void RuleLineParser::parse_label(Rule& rule) {
  if (count_ < 2) {
    reasons_.emplace_back("no label; write a comma and the label after the condition");
    return;
  }
  rule.label = fields_[1];
  if (trimmed(rule.label).empty())
    reasons_.emplace_back("the label is empty");
  else if (rule.label == kUnlabeled)
    reasons_.push_back(fmt::format("the label {} means packets without one; choose another", kUnlabeled));
  if (count_ > 2) rule.hash_key = fields_[2];
  for (std::size_t i = 3; i < count_; ++i) {
    const std::string_view field = fields_[i];
    const std::size_t equals = field.find('=');
    if (equals != npos && is_field_name(field.substr(0, equals)))
      rule.fields.emplace_back(field.substr(0, equals), field.substr(equals + 1));
    else
      reasons_.push_back(
          fmt::format("field {} {} is not key=value; a key is a lower-case letter, then lower-case letters, "
                      "digits, _ . or -",
                      i + 1, shown(field)));
  }
}

}  // namespace pcapml
