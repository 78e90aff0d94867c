// SPDX-License-Identifier: Apache-2.0
#include "join/time_zone.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <optional>

#include "join/posix_zone.h"
#include "label/text.h"
#include "pcapml/cursor.h"
#include "pcapml/error.h"
#include "pcapml/source.h"

namespace pcapml {
namespace {

constexpr std::int64_t kNsPerSecond = 1'000'000'000;
constexpr std::size_t kLargestZone = std::size_t{1} << 20;

std::optional<std::int64_t> fixed_offset(std::string_view text) {
  if (text == "UTC" || text == "utc" || text == "Z") return 0;
  if (text.size() < 3 || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  std::string digits(text.substr(1));
  if (digits.size() == 5 && digits[2] == ':') digits.erase(2, 1);
  if (digits.size() == 2) digits += "00";
  if (digits.size() != 4 || digits.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
  const int hours = std::stoi(digits.substr(0, 2)), minutes = std::stoi(digits.substr(2));
  if (hours > 24 || minutes > 59) return std::nullopt;
  return (hours * 3600 + minutes * 60) * (text[0] == '-' ? -1 : 1);
}

bool is_zone_name(std::string_view name) {
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/";
  return !name.empty() && name.size() < 64 && name.find_first_not_of(kLetters) == std::string_view::npos &&
         name[0] != '/' && name[0] != '-';
}

std::vector<std::byte> read_zone(const std::string& name) {
  const char* directory = std::getenv("TZDIR");
  const std::string path =
      fmt::format("{}/{}", directory != nullptr ? directory : "/usr/share/zoneinfo", name);
  std::vector<std::byte> bytes(kLargestZone);
  std::size_t size = 0;
  try {
    const auto source = open_source(path);
    while (size < bytes.size()) {
      const std::size_t got = source->read(std::span(bytes).subspan(size));
      if (got == 0) break;
      size += got;
    }
  } catch (const std::exception&) {
    size = 0;
  }
  bytes.resize(size);
  return bytes;
}

/// The counts of a TZif header (RFC 8536, 3.1).
struct Header {
  std::uint32_t utc_marks = 0, standard_marks = 0, leaps = 0, times = 0, types = 0, letters = 0;
};

bool read_header(Cursor& file, Header& header, std::uint8_t& version) {
  if (file.be32() != 0x545a6966) return false;  // "TZif"
  version = file.u8();
  file.skip(15);
  return file.read(header.utc_marks, header.standard_marks, header.leaps, header.times, header.types,
                   header.letters);
}

}  // namespace

TimeZone TimeZone::fixed(std::int64_t offset_seconds) {
  TimeZone zone;
  zone.first_offset_ = offset_seconds;
  const std::int64_t minutes = std::abs(offset_seconds) / 60;
  zone.name_ = offset_seconds == 0
                   ? "UTC"
                   : fmt::format("{}{:02}:{:02}", offset_seconds < 0 ? '-' : '+', minutes / 60, minutes % 60);
  return zone;
}

TimeZone TimeZone::from_database(const std::string& name) {
  const auto bytes = read_zone(name);
  Cursor file(bytes);
  Header header;
  std::uint8_t version = 0;
  const auto damaged = [&]() {
    return UsageError(
        fmt::format("--zone {}: is neither an offset such as +02:00 nor in the system's time zone "
                    "database",
                    shown(name)));
  };
  if (!read_header(file, header, version) || version < '2') throw damaged();
  // The first block counts in 32 bits; the second one says the same in 64.
  file.skip(std::size_t{header.times} * 5 + std::size_t{header.types} * 6 + header.letters +
            std::size_t{header.leaps} * 8 + header.standard_marks + header.utc_marks);
  if (!read_header(file, header, version)) throw damaged();
  const Bytes times = file.take(std::size_t{header.times} * 8), types_of = file.take(header.times);
  const Bytes types = file.take(std::size_t{header.types} * 6);
  file.skip(std::size_t{header.letters} + std::size_t{header.leaps} * 12 + header.standard_marks +
            header.utc_marks);
  if (!file.ok() || header.types == 0) throw damaged();

  std::vector<std::int64_t> offsets;
  for (Cursor type(types); !type.empty(); type.skip(2))
    offsets.push_back(static_cast<std::int32_t>(type.be32()));
  TimeZone zone;
  zone.name_ = name;
  zone.first_offset_ = offsets[0];
  Cursor time(times), type(types_of);
  while (!time.empty()) {
    const auto at = static_cast<std::int64_t>(time.be64());
    const std::size_t number = type.u8();
    if (number >= offsets.size()) throw damaged();
    zone.changes_.push_back({at, offsets[number]});
  }
  // Later changes follow the rule at the end of the file (RFC 8536, 3.3).
  const std::string_view footer = as_text(file.rest());
  const std::size_t end = footer.find('\n', 1);
  if (footer.empty() || footer[0] != '\n' || end == std::string_view::npos) throw damaged();
  const auto rule = PosixZone::parse(footer.substr(1, end - 1));
  if (rule) {
    const std::int64_t last = zone.changes_.empty() ? INT64_MIN : zone.changes_.back().at_utc_seconds;
    for (int year = 1970; year < 2262; ++year)
      for (const auto& [at, offset] : rule->changes(year))
        if (at > last) zone.changes_.push_back({at, offset});
    if (zone.changes_.empty()) zone.first_offset_ = rule->standard_offset();
  }
  return zone;
}

TimeZone TimeZone::parse(const std::string& text) {
  if (const auto offset = fixed_offset(text)) return fixed(*offset);
  if (!is_zone_name(text) || text.find("..") != std::string::npos)
    throw UsageError(fmt::format(
        "--zone {}: is neither an offset such as +02:00 nor a name such as America/Halifax", shown(text)));
  return from_database(text);
}

std::int64_t TimeZone::offset_at(std::int64_t utc_seconds) const {
  const auto next =
      std::upper_bound(changes_.begin(), changes_.end(), utc_seconds,
                       [](std::int64_t time, const Change& change) { return time < change.at_utc_seconds; });
  return next == changes_.begin() ? first_offset_ : (next - 1)->offset_seconds;
}

std::int64_t TimeZone::to_utc(std::int64_t local_ns) const {
  if (changes_.empty()) return local_ns - first_offset_ * kNsPerSecond;
  const std::int64_t local = local_ns / kNsPerSecond;
  // Offsets of half a day around it are the two that may apply; the earlier one is tried first.
  const std::int64_t before = offset_at(local - 86'400), after = offset_at(local + 86'400);
  const std::int64_t offset = offset_at(local - before) == before ? before
                              : offset_at(local - after) == after ? after
                                                                  : before;
  return local_ns - offset * kNsPerSecond;
}

}  // namespace pcapml
