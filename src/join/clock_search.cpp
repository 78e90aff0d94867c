// SPDX-License-Identifier: Apache-2.0
#include "join/clock_search.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <tuple>

#include "pcapml/error.h"

namespace pcapml {
namespace {

constexpr std::int64_t kNsPerSecond = 1'000'000'000;
constexpr std::int64_t kStep = 900, kFarthest = std::int64_t{14} * 3600;  // seconds

struct Candidate {
  ClockReading reading;
  std::int64_t offset = 0;  // seconds; without an open zone 0
  std::uint64_t matches = 0;
};

/// Whether the first one asks for less.
bool is_plainer(const Candidate& a, const Candidate& b) {
  const auto rank = [](const Candidate& c) {
    return std::make_tuple(c.reading.twelve_hours, c.reading.month_first, c.offset % 3600 != 0,
                           std::abs(c.offset), c.offset < 0);
  };
  return rank(a) < rank(b);
}

bool is_better(const Candidate& a, const Candidate& b) {
  return a.matches != b.matches ? a.matches > b.matches : is_plainer(a, b);
}

std::vector<std::int64_t> offsets_to_try(bool open) {
  std::vector<std::int64_t> offsets;
  if (!open) return {0};
  for (std::int64_t offset = -kFarthest; offset <= kFarthest; offset += kStep) offsets.push_back(offset);
  return offsets;
}

std::string text_of(const Candidate& candidate, OpenClock open) {
  std::string text = open.zone ? TimeZone::fixed(candidate.offset).name() : "";
  const auto add = [&text](const char* words) {
    text += fmt::format("{}{}", text.empty() ? "" : ", ", words);
  };
  if (open.order) add(candidate.reading.month_first ? "month before day" : "day before month");
  if (open.hours) add(candidate.reading.twelve_hours ? "12-hour clock" : "24-hour clock");
  return text;
}

}  // namespace

OpenClock open_clock(const JoinRequest& request, const FlowRecords& records) {
  OpenClock open;
  const JoinClock& told = request.clock;
  open.zone = told.zone == "auto" || (told.zone.empty() && records.times.has_local_times());
  open.order = !told.month_first && records.times.day_order_is_open();
  open.hours = !told.twelve_hours && records.times.has_local_times() && records.times.clock_is_open();
  return open;
}

TableClock known_clock(const JoinRequest& request, const FlowRecords& records) {
  TableClock clock;
  const JoinClock& told = request.clock;
  if (!told.zone.empty()) {
    if (told.zone != "auto") clock.zone = TimeZone::parse(told.zone);
    clock.moves_absolute = !records.times.has_local_times();
  }
  const std::uint64_t against =
      told.month_first.value_or(false) ? records.times.day_first_line() : records.times.month_first_line();
  if (told.month_first && against != 0)
    throw UsageError(fmt::format("--dates {}: {}:{} puts day and month in the other order",
                                 *told.month_first ? "mdy" : "dmy", request.table, against));
  clock.reading.month_first = told.month_first.value_or(records.times.month_first_line() != 0);
  clock.reading.twelve_hours = told.twelve_hours.value_or(false);
  const std::int64_t resolution = records.times.resolution_ns();
  // Minutes and seconds are cut off, so that only ends come late; fractions are rounded.
  clock.slack_before_ns = request.slack_ns.value_or(resolution < kNsPerSecond ? resolution : 0);
  clock.slack_after_ns = request.slack_ns.value_or(resolution < kNsPerSecond ? resolution : resolution - 1);
  return clock;
}

void search_clock(const FlowRecords& records, const std::vector<SampledPacket>& packets, OpenClock open,
                  TableClock& clock, JoinReport& report) {
  const std::vector<std::int64_t> offsets = offsets_to_try(open.zone);
  std::vector<Candidate> candidates;
  for (const bool month_first : {false, true})
    for (const bool twelve_hours : {false, true}) {
      ClockReading reading = clock.reading;
      if (open.order) reading.month_first = month_first;
      if (open.hours) reading.twelve_hours = twelve_hours;
      if ((!open.order && month_first) || (!open.hours && twelve_hours)) continue;
      TableClock tried = clock;
      tried.reading = reading;
      const FlowRules rules = rules_of(records, tried);
      const std::size_t first = candidates.size();
      for (const std::int64_t offset : offsets) candidates.push_back({reading, offset, 0});
      for (const SampledPacket& packet : packets) {
        const FlowRules::Patterns patterns = rules.patterns_of(packet.flow);
        for (std::size_t i = 0; i < offsets.size(); ++i) {
          const std::int64_t local = saturated_sum(packet.time_ns, offsets[i] * kNsPerSecond);
          candidates[first + i].matches += rules.spans_at(patterns, local).size > 0 ? 1 : 0;
        }
      }
    }
  std::sort(candidates.begin(), candidates.end(), is_better);
  const Candidate& best = candidates.front();
  clock.reading = best.reading;
  if (open.zone) clock.zone = TimeZone::fixed(best.offset);
  report.sampled_packets = packets.size();
  report.sampled_matches = best.matches;
  if (candidates.size() > 1)
    report.next_best =
        fmt::format("{} ({} of {})", text_of(candidates[1], open), candidates[1].matches, packets.size());
}

}  // namespace pcapml
