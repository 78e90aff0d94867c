// SPDX-License-Identifier: Apache-2.0
#include "pcapml/summary.h"

#include <algorithm>
#include <tuple>

#include "dataset/capture_input.h"
#include "dataset/file_describer.h"
#include "dataset/label_groups.h"
#include "dataset/summary_csv.h"
#include "io/output_file.h"
#include "pcapml/headers.h"

namespace pcapml {
namespace {

void add_packet(TrafficCounts& counts, const PacketView& packet) {
  ++counts.packets;
  counts.bytes += packet.original_length;
  counts.captured_bytes += packet.data.size();
  if (!packet.has_timestamp) return;
  counts.first_ns = std::min(counts.first_ns.value_or(packet.timestamp_ns), packet.timestamp_ns);
  counts.last_ns = std::max(counts.last_ns.value_or(packet.timestamp_ns), packet.timestamp_ns);
}

void add_counts(TrafficCounts& total, const TrafficCounts& part) {
  total.packets += part.packets;
  total.bytes += part.bytes;
  total.captured_bytes += part.captured_bytes;
  total.non_ip_packets += part.non_ip_packets;
  if (!part.first_ns) return;
  total.first_ns = std::min(total.first_ns.value_or(*part.first_ns), *part.first_ns);
  total.last_ns = std::max(total.last_ns.value_or(*part.last_ns), *part.last_ns);
}

class Summarizer {
 public:
  explicit Summarizer(const SummaryRequest& request)
      : request_(request),
        has_window_(request.from_ns != std::numeric_limits<std::int64_t>::min() ||
                    request.to_ns != std::numeric_limits<std::int64_t>::max()),
        groups_(request.group) {}

  void packet(const PacketView& packet, const Interface& interface, const PacketLabel& label) {
    if (has_window_ && !in_window(packet)) return;
    const std::uint32_t group = groups_.group_of(label);
    if (group >= counts_.size()) counts_.resize(groups_.groups().size());
    TrafficCounts& counts = counts_[group];
    add_packet(counts, packet);
    const auto outer = parse_headers(interface.link_type, packet.data);
    if (!outer) {
      ++counts.non_ip_packets;
      return;
    }
    const Headers headers = innermost_headers(*outer, packet.data);
    if (headers.fragment_offset == 0) flows_.add(headers.flow.canonical(), group);
  }

  void finish(SummaryResult& result) {
    flows_.settle();
    groups_.samples().settle();
    result.outside_window = outside_window_;
    result.without_time = without_time_;
    for (std::uint32_t i = 0; i < counts_.size(); ++i) {
      if (counts_[i].packets == 0) continue;
      const LabelGroups::Group& group = groups_.groups()[i];
      SummaryGroup& row = result.groups.emplace_back(SummaryGroup{group.kind, group.name, counts_[i]});
      row.counts.flows = flows_.size(i);
      row.counts.samples = groups_.samples().size(i);
      add_counts(result.total, row.counts);
    }
    result.total.flows = flows_.size();
    result.total.samples = groups_.samples().size();
    std::sort(result.groups.begin(), result.groups.end(), [](const SummaryGroup& a, const SummaryGroup& b) {
      return std::tie(a.kind, b.counts.packets, a.name) < std::tie(b.kind, a.counts.packets, b.name);
    });
  }

 private:
  bool in_window(const PacketView& packet) {
    if (!packet.has_timestamp) {
      ++without_time_;
      return false;
    }
    const bool inside = request_.from_ns <= packet.timestamp_ns && packet.timestamp_ns <= request_.to_ns;
    if (!inside) ++outside_window_;
    return inside;
  }

  const SummaryRequest& request_;
  bool has_window_;
  LabelGroups groups_;
  DistinctCount<FlowKey> flows_;
  std::vector<TrafficCounts> counts_;  // by number of the group
  std::uint64_t outside_window_ = 0;
  std::uint64_t without_time_ = 0;
};

}  // namespace

SummaryResult summarize(const SummaryRequest& request) {
  std::optional<OutputFile> csv;
  if (!request.csv.empty()) {
    refuse_same_file(request.csv, {request.input});
    csv.emplace(request.csv);
  }
  SummaryResult result;
  result.group = request.group;
  CaptureInput input(request.input, request.input_options);
  FileDescriber file;
  Summarizer summarizer(request);
  while (const Record* record = input.next()) {
    switch (record->kind) {
      case Record::Kind::section: file.section(input.reader().sections().back()); break;
      case Record::Kind::interface: file.interface(input.reader().interfaces().back()); break;
      case Record::Kind::block: file.block(record->block); break;
      case Record::Kind::packet: {
        const PacketLabel label = find_label(record->packet.options);
        file.packet(record->packet, label);
        summarizer.packet(record->packet, input.interface(record->packet), label);
        break;
      }
    }
  }
  summarizer.finish(result);
  result.file = std::move(file).finish(result.report.warnings);
  result.file.format = input.reader().format();
  result.file.size = input.reader().source().size();
  input.add_to(result.report);
  if (csv) {
    write_csv(result, csv->stream());
    csv->commit();
  }
  return result;
}

}  // namespace pcapml
