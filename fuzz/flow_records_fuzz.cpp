// SPDX-License-Identifier: Apache-2.0
// Tables of flows: whatever they hold, records and their windows come out, or one error that names the place.
// The first byte of the input says which kind of table it is and how it is read.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "join/flow_records.h"
#include "join/table_clock.h"
#include "label/text.h"
#include "pcapml/error.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void check_windows(const pcapml::FlowRecords& records, pcapml::ClockReading reading) {
  pcapml::TableClock clock;
  clock.reading = reading;
  clock.zone = pcapml::TimeZone::fixed(-12'600);
  clock.slack_after_ns = 59'999'999'999;
  const pcapml::FlowRules rules = pcapml::rules_of(records, clock);
  for (std::size_t i = 0; i < records.records.size(); ++i) {
    const pcapml::FlowRecord& record = records.records[i];
    if (record.label == pcapml::FlowRecord::kNoLabel) continue;
    require(record.label < records.labels.size() && record.line > 0);
    for (const pcapml::TimeWindow& window : pcapml::windows_of(record, clock)) {
      require(window.start_ns <= window.end_ns);
      const pcapml::FlowKey packet{record.pattern.b.address, record.pattern.a.address,
                                   record.pattern.b.port.value_or(7), record.pattern.a.port.value_or(9),
                                   record.pattern.protocol.value_or(6)};
      const auto first = rules.first(packet, window.end_ns);
      require(first && *first <= i);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  pcapml::JoinRequest request;
  request.table = "table";
  request.source = static_cast<pcapml::RecordSource>(data[0] % 5);
  request.skip_bad_records = (data[0] & 0x20) != 0;
  if (request.source == pcapml::RecordSource::zeek) request.label_field = "service";
  if ((data[0] & 0x40) != 0 && request.source == pcapml::RecordSource::csv)
    request.columns = "src=1,dst=2,sport=3,dport=4,proto=5,start=6,end=7,label=8";
  const auto bytes = std::as_bytes(std::span(data, size)).subspan(1);
  try {
    const pcapml::FlowRecords records =
        pcapml::read_flow_records(request, pcapml::memory_source(bytes, "table"));
    for (const std::string& label : records.labels) require(pcapml::valid_utf8_prefix(label) == label.size());
    check_windows(records, {});
    check_windows(records, {true, true});
  } catch (const pcapml::DataError& error) {
    require(std::string_view(error.what()).starts_with("table:"));
  } catch (const pcapml::UsageError&) {
  }
  return 0;
}
