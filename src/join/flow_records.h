// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "join/record_time.h"
#include "join/table.h"
#include "label/flow_rules.h"
#include "pcapml/join.h"

namespace pcapml {

/// One record of a table, in the table's own time.
struct FlowRecord {
  static constexpr std::uint32_t kNoLabel = 0xffffffff;

  FlowPattern pattern;
  std::uint32_t label = kNoLabel;  ///< index into FlowRecords::labels; kNoLabel: claims nothing
  bool has_end = false;            ///< `end` counts, not `duration_ns`
  bool is_instant = false;         ///< its window is that of the capture's flow around `start`
  RecordTime start, end;
  std::int64_t duration_ns = 0;
  std::uint64_t line = 0;
};

/// All records of a table; a record's index is its sample id. About 110 bytes for each.
struct FlowRecords {
  std::vector<FlowRecord> records;
  std::vector<std::string> labels;  ///< UTF-8, in order of appearance
  TimeFacts times;
  std::string form;
  std::uint64_t without_label = 0, not_ip = 0, bad = 0, blank = 0, other_events = 0, negative_durations = 0;
  std::vector<std::string> bad_examples;  ///< the first few, with file and line
  bool has_instants = false;
};

/// Reads the table of a request. Throws DataError, `path:line: column: reason`, for the first few records
/// that cannot be used, all at once, unless they are to be skipped; for the order of day and month where two
/// lines contradict each other.
FlowRecords read_flow_records(const JoinRequest& request);
/// The same from a source that is open already.
FlowRecords read_flow_records(const JoinRequest& request, std::unique_ptr<Source> source);

}  // namespace pcapml
