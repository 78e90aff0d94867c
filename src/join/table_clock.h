// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

#include "join/flow_records.h"
#include "join/time_zone.h"

namespace pcapml {

/// What turns a table's times into UTC.
struct TableClock {
  TimeZone zone;
  ClockReading reading;
  bool moves_absolute = false;  ///< the zone is applied to absolute times, too
  std::int64_t slack_before_ns = 0, slack_after_ns = 0;

  std::int64_t utc(const RecordTime& time) const;
};

/// The sum, or the nearest time that there is.
std::int64_t saturated_sum(std::int64_t a, std::int64_t b);

struct TimeWindow {
  std::int64_t start_ns = 0, end_ns = 0;  ///< both inclusive
};

/// When a record's packets may come: one window, or two where its 12-hour clock leaves it open.
struct RecordWindows {
  std::array<TimeWindow, 2> windows;
  std::size_t size = 1;
  const TimeWindow* begin() const { return windows.data(); }
  const TimeWindow* end() const { return windows.data() + size; }
};

RecordWindows windows_of(const FlowRecord& record, const TableClock& clock);

/// The records that claim packets, under their index.
FlowRules rules_of(const FlowRecords& records, const TableClock& clock);

}  // namespace pcapml
