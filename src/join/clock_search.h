// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "join/survey.h"
#include "join/table_clock.h"

namespace pcapml {

/// What of a table's clock its reader has to find out.
struct OpenClock {
  bool zone = false, order = false, hours = false;
  bool any() const { return zone || order || hours; }
};

/// What the table and the request leave open.
OpenClock open_clock(const JoinRequest& request, const FlowRecords& records);

/// The clock as far as the table and the request tell, with the slack that its resolution asks for. Throws
/// UsageError where they contradict each other.
TableClock known_clock(const JoinRequest& request, const FlowRecords& records);

/// Finds what is open: what matches most of the packets, among offsets from -14:00 to +14:00 in steps of 15
/// minutes. Of several that match as many it is the one that asks for less: a 24-hour clock, day before
/// month, whole hours, the smallest offset.
void search_clock(const FlowRecords& records, const std::vector<SampledPacket>& packets, OpenClock open,
                  TableClock& clock, JoinReport& report);

}  // namespace pcapml
