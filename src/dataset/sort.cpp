// SPDX-License-Identifier: Apache-2.0
#include "pcapml/sort.h"

#include <algorithm>

#include "dataset/gather.h"
#include "dataset/joined_section.h"
#include "io/output_file.h"
#include "label/packet_label.h"

namespace pcapml {
namespace {

/// Distributes the entries by sample, in numeric order of the ids, keeping their order within each.
std::vector<IndexEntry> by_sample(const std::vector<IndexEntry>& entries, const SampleIds& samples) {
  const std::vector<std::uint32_t> ranks = samples.ranks();
  const auto rank = [&](const IndexEntry& entry) {
    return entry.sample == kNoSample ? ranks.size() : std::size_t{ranks[entry.sample]};
  };
  std::vector<std::size_t> places(ranks.size() + 2);
  for (const IndexEntry& entry : entries) ++places[rank(entry) + 1];
  for (std::size_t i = 1; i < places.size(); ++i) places[i] += places[i - 1];
  std::vector<IndexEntry> sorted(entries.size());
  for (const IndexEntry& entry : entries) sorted[places[rank(entry)]++] = entry;
  return sorted;
}

void sort_by_time_within_samples(std::vector<IndexEntry>& entries) {
  const auto earlier = [](const IndexEntry& a, const IndexEntry& b) {
    return a.timestamp_ns < b.timestamp_ns;
  };
  for (auto begin = entries.begin(); begin != entries.end();) {
    const auto end =
        std::find_if(begin, entries.end(), [&](const IndexEntry& e) { return e.sample != begin->sample; });
    if (!std::is_sorted(begin, end, earlier)) std::stable_sort(begin, end, earlier);
    begin = end;
  }
}

}  // namespace

SortResult sort(const SortRequest& request) {
  refuse_same_file(request.output, {request.input});
  OutputFile output(request.output, request.output_options.fsync ? Sync::yes : Sync::no);
  std::vector<std::unique_ptr<IndexedCapture>> inputs;
  inputs.push_back(std::make_unique<IndexedCapture>(request.input, request.input_options,
                                                    temporary_directory(request.output)));
  IndexedCapture& input = *inputs.front();

  SortResult result;
  std::vector<IndexEntry> entries;
  input.index(entries, 0);
  result.packets = entries.size();
  result.samples = input.samples().size();
  entries = by_sample(entries, input.samples());
  sort_by_time_within_samples(entries);

  PcapngWriter writer(output.stream());
  JoinedSection section(writer, inputs);
  section.begin(result.report.warnings);
  gather(entries, inputs, [&](const IndexEntry& entry, Bytes bytes) {
    const PacketView& packet = input.reader().parse_again(bytes, entry.interface, entry.offset);
    section.packet(packet, 0, {{}, {}, packet.options.encoded()});
    result.unlabeled += entry.sample == kNoSample ? 1 : 0;
  });
  section.end(result.report.warnings);
  output.commit();
  input.input().add_to(result.report);
  return result;
}

}  // namespace pcapml
