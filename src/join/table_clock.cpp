// SPDX-License-Identifier: Apache-2.0
#include "join/table_clock.h"

#include <algorithm>
#include <limits>

namespace pcapml {
namespace {

constexpr std::int64_t kHalfDay = std::int64_t{12} * 3600 * 1'000'000'000;

}  // namespace

std::int64_t saturated_sum(std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  if (!__builtin_add_overflow(a, b, &result)) return result;
  return b < 0 ? std::numeric_limits<std::int64_t>::min() : std::numeric_limits<std::int64_t>::max();
}

std::int64_t TableClock::utc(const RecordTime& time) const {
  const std::int64_t ns = read_clock(time, reading);
  return time.is_absolute && !moves_absolute ? ns : zone.to_utc(ns);
}

RecordWindows windows_of(const FlowRecord& record, const TableClock& clock) {
  const std::int64_t start = clock.utc(record.start);
  std::int64_t end = record.has_end ? clock.utc(record.end) : saturated_sum(start, record.duration_ns);
  const bool open = clock.reading.twelve_hours && record.start.twelve_or_more && !record.start.is_absolute;
  if (record.has_end && open)
    while (end < start && start - end < 2 * kHalfDay) end += kHalfDay;  // one before noon, the other after
  RecordWindows result;
  result.windows[0] = {saturated_sum(start, -clock.slack_before_ns),
                       saturated_sum(std::max(start, end), clock.slack_after_ns)};
  if (open) {
    result.windows[1] = {saturated_sum(result.windows[0].start_ns, kHalfDay),
                         saturated_sum(result.windows[0].end_ns, kHalfDay)};
    result.size = 2;
  }
  return result;
}

FlowRules rules_of(const FlowRecords& records, const TableClock& clock) {
  FlowRules rules;
  for (std::size_t i = 0; i < records.records.size(); ++i) {
    const FlowRecord& record = records.records[i];
    if (record.label == FlowRecord::kNoLabel) continue;
    for (const TimeWindow& window : windows_of(record, clock))
      rules.add(record.pattern, window.start_ns, window.end_ns, static_cast<std::uint32_t>(i));
  }
  rules.build();
  return rules;
}

}  // namespace pcapml
