// SPDX-License-Identifier: Apache-2.0
#include "join/record_values.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>

#include "label/text.h"

namespace pcapml {
namespace {

template <class T>
std::optional<T> whole_number(std::string_view text, int base = 10) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<IpAddress> parse_ipv4(std::string_view text) {
  IpAddress address;
  address.version = 4;
  std::size_t at = 0;
  for (int part = 0; part < 4; ++part) {
    if (part > 0 && (at == text.size() || text[at++] != '.')) return std::nullopt;
    unsigned value = 0;
    std::size_t digits = 0;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9' && digits < 3; ++at, ++digits)
      value = value * 10 + static_cast<unsigned>(text[at] - '0');
    if (digits == 0 || value > 255) return std::nullopt;
    address.bytes[static_cast<std::size_t>(part)] = static_cast<std::uint8_t>(value);
  }
  if (at != text.size()) return std::nullopt;
  return address;
}

}  // namespace

std::optional<IpAddress> parse_address(std::string_view text) {
  if (text.find(':') == std::string_view::npos) return parse_ipv4(text);
  char terminated[INET6_ADDRSTRLEN] = {};
  if (text.size() >= sizeof terminated) return std::nullopt;
  std::memcpy(terminated, text.data(), text.size());
  IpAddress address;
  address.version = 6;
  if (inet_pton(AF_INET6, terminated, address.bytes.data()) != 1) return std::nullopt;
  return address;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  if (text.starts_with("0x") || text.starts_with("0X"))
    return whole_number<std::uint16_t>(text.substr(2), 16);
  if (text.ends_with(".0")) text.remove_suffix(2);
  return whole_number<std::uint16_t>(text);
}

std::optional<std::int64_t> parse_duration(std::string_view text, std::int64_t unit_ns) {
  if (const auto whole = whole_number<std::int32_t>(text)) {
    std::int64_t ns = 0;
    if (!__builtin_mul_overflow(std::int64_t{*whole}, unit_ns, &ns)) return ns;
  }
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  const double ns = value * static_cast<double>(unit_ns);
  constexpr double kLongest = 9.2e18;
  if (!std::isfinite(ns) || std::abs(ns) > kLongest) return std::nullopt;
  return std::llround(ns);
}

std::string utf8_of(std::string_view text) {
  if (valid_utf8_prefix(text) == text.size()) return std::string(text);
  // 0x80 to 0x9F of Windows-1252; five of them are not in use.
  static constexpr std::array<std::uint16_t, 32> kUpper = {
      0x20AC, 0xFFFD, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
      0x2039, 0x0152, 0xFFFD, 0x017D, 0xFFFD, 0xFFFD, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
      0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0xFFFD, 0x017E, 0x0178};
  std::string result;
  for (const char c : text) {
    unsigned point = static_cast<unsigned char>(c);
    if (point >= 0x80 && point < 0xA0) point = kUpper[point - 0x80];
    if (point < 0x80) {
      result += static_cast<char>(point);
    } else if (point < 0x800) {
      result += static_cast<char>(0xC0 | point >> 6);
      result += static_cast<char>(0x80 | (point & 0x3F));
    } else {
      result += static_cast<char>(0xE0 | point >> 12);
      result += static_cast<char>(0x80 | (point >> 6 & 0x3F));
      result += static_cast<char>(0x80 | (point & 0x3F));
    }
  }
  return result;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t";
  const std::size_t first = std::min(text.find_first_not_of(kBlanks), text.size());
  text.remove_prefix(first);
  return text.substr(0, text.find_last_not_of(kBlanks) + 1);
}

}  // namespace pcapml
