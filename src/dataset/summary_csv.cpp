// SPDX-License-Identifier: Apache-2.0
#include "dataset/summary_csv.h"

#include <fmt/format.h>

#include "dataset/csv.h"
#include "dataset/time_text.h"

namespace pcapml {

void write_csv(const SummaryResult& result, OutputStream& out) {
  const auto write = [&out](const std::string& line) { out.write(as_bytes(line)); };
  write(csv_field(result.group) +
        ",packets,bytes,captured_bytes,flows,non_ip_packets,samples,first_time,last_time,duration\n");
  for (const SummaryGroup& group : result.groups) {
    const TrafficCounts& c = group.counts;
    const bool timed = c.first_ns.has_value();
    write(fmt::format("{},{},{},{},{},{},{},{},{},{}\n", csv_field(group.name), c.packets, c.bytes,
                      c.captured_bytes, c.flows, c.non_ip_packets, c.samples,
                      timed ? seconds_text(*c.first_ns) : "", timed ? seconds_text(*c.last_ns) : "",
                      timed ? duration_text(*c.first_ns, *c.last_ns) : ""));
  }
}

}  // namespace pcapml
