// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace pcapml {

/// What a clock on a wall shows where it is so late in UTC. A value.
class TimeZone {
 public:
  /// UTC.
  TimeZone() = default;
  /// The same all year.
  static TimeZone fixed(std::int64_t offset_seconds);
  /// "UTC", "+02:00", "-0330", or a name of the IANA time zone database, which is read from the system.
  /// Throws UsageError.
  static TimeZone parse(const std::string& text);

  /// UTC of a time on the wall, both in nanoseconds. Where the clock was put back it is the earlier of the
  /// two; where it was put forward, as if it had not been yet.
  std::int64_t to_utc(std::int64_t local_ns) const;
  /// "+02:00" for a fixed one, else its name.
  const std::string& name() const { return name_; }

 private:
  struct Change {
    std::int64_t at_utc_seconds, offset_seconds;
  };

  static TimeZone from_database(const std::string& name);
  std::int64_t offset_at(std::int64_t utc_seconds) const;

  std::string name_ = "UTC";
  std::int64_t first_offset_ = 0;
  std::vector<Change> changes_;
};

}  // namespace pcapml
