// SPDX-License-Identifier: Apache-2.0
#include "join/orphans.h"

#include <fmt/format.h>

#include "dataset/csv.h"
#include "dataset/time_text.h"

namespace pcapml {
namespace {

std::string text_of(const std::optional<std::uint16_t>& port) { return port ? std::to_string(*port) : ""; }

std::string row_of(const FlowRecord& record, std::size_t index, const std::string& label,
                   const TimeWindow& window) {
  const FlowPattern& flow = record.pattern;
  return csv_record({to_string(flow.a.address), text_of(flow.a.port), to_string(flow.b.address),
                     text_of(flow.b.port), flow.protocol ? std::to_string(*flow.protocol) : "",
                     seconds_text(window.start_ns), seconds_text(window.end_ns), label,
                     std::to_string(record.line), std::to_string(index)}) +
         "\n";
}

}  // namespace

OrphanFiles::OrphanFiles(const JoinRequest& request) {
  const Sync sync = request.output_options.fsync ? Sync::yes : Sync::no;
  if (!request.orphan_records.empty()) records_ = std::make_unique<OutputFile>(request.orphan_records, sync);
  if (!request.orphan_packets.empty()) packets_ = std::make_unique<Packets>(request.orphan_packets, sync);
}

void OrphanFiles::copy(const Record& record, const Reader& reader) {
  if (packets_) packets_->copier.copy(record, reader);
}

void OrphanFiles::packet(const PacketView& packet) {
  if (packets_) packets_->writer.packet(packet.interface_id, packet, {packet.options.encoded(), {}, {}});
}

void OrphanFiles::write_records(const FlowRecords& records, const Claims& claims, const TableClock& clock) {
  if (!records_) return;
  TableClock exact = clock;
  exact.slack_before_ns = exact.slack_after_ns = 0;
  const auto write = [this](std::string_view text) {
    records_->stream().write(std::as_bytes(std::span(text)));
  };
  write("src,sport,dst,dport,proto,start,end,label,line,sample_id\n");
  const std::vector<bool> have_packets = claims.have_packets();
  for (std::size_t i = 0; i < have_packets.size(); ++i) {
    const FlowRecord& record = records.records[i];
    if (have_packets[i] || record.label == FlowRecord::kNoLabel) continue;
    write(row_of(record, i, records.labels[record.label], *windows_of(record, exact).begin()));
  }
}

void OrphanFiles::commit() {
  if (records_) records_->commit();
  if (packets_) packets_->file.commit();
}

}  // namespace pcapml
