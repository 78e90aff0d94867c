// SPDX-License-Identifier: Apache-2.0
#include "join/survey.h"

#include <algorithm>

#include "io/read_ahead.h"
#include "net/flow_finder.h"
#include "net/mix.h"

namespace pcapml {
namespace {

constexpr std::size_t kMostPackets = 32'768;

/// The patterns of records, without their times.
FlowRules patterns_of(const FlowRecords& records, bool only_instants) {
  FlowRules rules;
  for (const FlowRecord& record : records.records)
    if (record.label != FlowRecord::kNoLabel && (record.is_instant || !only_instants))
      rules.add(record.pattern, 1, 0, 0);
  rules.build();
  return rules;
}

/// Even over all packets, and the same each time.
bool is_drawn(std::uint64_t number, std::uint64_t one_of) {
  return (mix(number ^ 0x9e3779b97f4a7c15, 0xd1342543de82ef95) & (one_of - 1)) == 0;
}

std::uint64_t apart(std::int64_t a, std::int64_t b) {
  return static_cast<std::uint64_t>(std::max(a, b)) - static_cast<std::uint64_t>(std::min(a, b));
}

FlowKey key_of(const FlowPattern& pattern) {
  return FlowKey{pattern.a.address, pattern.b.address, pattern.a.port.value_or(0), pattern.b.port.value_or(0),
                 pattern.protocol.value_or(0)}
      .canonical();
}

}  // namespace

std::uint64_t Survey::Run::distance(std::int64_t time_ns) const {
  if (time_ns >= first_ns && time_ns <= last_ns) return 0;
  return time_ns < first_ns ? apart(time_ns, first_ns) : apart(time_ns, last_ns);
}

Survey::Survey(const JoinRequest& request, const FlowRecords& records)
    : request_(request), all_(patterns_of(records, false)), instants_(patterns_of(records, true)) {}

void Survey::read(const std::vector<InputFile>& files, ReadingProgress& progress) {
  InnerPacketFinder finder(request_.max_fragment_bytes);
  InputOptions options = request_.input_options;
  options.progress = &progress;
  for (const InputFile& file : files) {
    CaptureInput input(read_ahead(open_source(file.path)), options);
    while (const PacketView* packet = input.next_packet()) {
      const auto found = finder.find(input.interface(*packet).link_type, packet->data);
      if (found && packet->has_timestamp) add(found->headers.flow, packet->timestamp_ns);
    }
    progress.end(input);
  }
}

void Survey::add(const FlowKey& flow, std::int64_t time_ns) {
  if (all_.knows(flow)) sample(flow, time_ns);
  if (instants_.knows(flow)) extend(flow, time_ns);
}

void Survey::sample(const FlowKey& flow, std::int64_t time_ns) {
  if (!is_drawn(++seen_, kept_of_)) return;
  if (packets_.size() == kMostPackets) {
    kept_of_ *= 2;
    std::size_t number = 0;
    const auto is_odd = [&number](const SampledPacket&) { return (number++ & 1) != 0; };
    packets_.erase(std::remove_if(packets_.begin(), packets_.end(), is_odd), packets_.end());
    if (!is_drawn(seen_, kept_of_)) return;
  }
  packets_.push_back({flow, time_ns});
}

void Survey::extend(const FlowKey& flow, std::int64_t time_ns) {
  std::vector<Run>& runs = runs_[flow.canonical()];
  if (!runs.empty() && runs.back().distance(time_ns) <= kIdleNs) {
    runs.back().first_ns = std::min(runs.back().first_ns, time_ns);
    runs.back().last_ns = std::max(runs.back().last_ns, time_ns);
  } else {
    runs.push_back({time_ns, time_ns});
  }
}

void Survey::set_windows(FlowRecords& records, const TableClock& clock) const {
  for (FlowRecord& record : records.records) {
    if (!record.is_instant || record.label == FlowRecord::kNoLabel) continue;
    const auto found = runs_.find(key_of(record.pattern));
    if (found == runs_.end()) continue;
    const std::int64_t at = clock.utc(record.start);
    const Run& nearest =
        *std::min_element(found->second.begin(), found->second.end(),
                          [at](const Run& a, const Run& b) { return a.distance(at) < b.distance(at); });
    if (nearest.distance(at) > kIdleNs) continue;
    record.start = {};
    record.end = {};
    record.start.ns = std::min(nearest.first_ns, at);
    record.end.ns = std::max(nearest.last_ns, at);
    record.start.is_absolute = record.end.is_absolute = record.has_end = true;
  }
}

}  // namespace pcapml
