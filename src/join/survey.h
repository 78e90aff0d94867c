// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <vector>

#include "dataset/capture_input.h"
#include "dataset/reading_progress.h"
#include "join/flow_records.h"
#include "join/table_clock.h"

namespace pcapml {

/// A packet of a flow that the table knows, at whatever time.
struct SampledPacket {
  FlowKey flow;
  std::int64_t time_ns = 0;
};

/// What a first reading of the captures tells of the table's times.
class Survey {
 public:
  /// Records that stand for an instant take the window of the flow around it from here.
  static constexpr std::uint64_t kIdleNs = 60'000'000'000;

  Survey(const JoinRequest& request, const FlowRecords& records);

  void read(const std::vector<InputFile>& files, ReadingProgress& progress);

  /// At most 32,768 packets, drawn evenly.
  const std::vector<SampledPacket>& packets() const { return packets_; }
  /// Gives records their windows, once the clock is known.
  void set_windows(FlowRecords& records, const TableClock& clock) const;

 private:
  struct Run {
    std::int64_t first_ns = 0, last_ns = 0;
    std::uint64_t distance(std::int64_t time_ns) const;
  };

  void add(const FlowKey& flow, std::int64_t time_ns);
  void sample(const FlowKey& flow, std::int64_t time_ns);
  void extend(const FlowKey& flow, std::int64_t time_ns);

  const JoinRequest& request_;
  FlowRules all_, instants_;
  std::vector<SampledPacket> packets_;
  std::uint64_t seen_ = 0;
  std::uint64_t kept_of_ = 1;                 // one packet of so many, a power of two
  std::map<FlowKey, std::vector<Run>> runs_;  // of canonical flows
};

}  // namespace pcapml
