// SPDX-License-Identifier: Apache-2.0
#include "dataset/flow_labels.h"

#include <fmt/format.h>

namespace pcapml {
namespace {

constexpr std::uint32_t kNoFlow = 0xffffffff;

std::optional<FlowPacket> find(FlowFinder& finder, const PacketView& packet, std::uint16_t link_type) {
  return finder.find(link_type, packet.data, packet.timestamp_ns, packet.has_timestamp);
}

}  // namespace

FlowLabels::FlowLabels(const LabelRequest& request)
    : request_(request), finder_(request.flows), resolver_(request.resolver), flow_(kNoFlow) {}

void FlowLabels::read_ahead(const std::vector<InputFile>& files) {
  FlowFinder finder(request_.flows);
  for (const InputFile& file : files) {
    CaptureInput input(file.path, request_.input_options);
    while (const PacketView* packet = input.next_packet()) {
      const std::uint16_t link_type = input.interface(*packet).link_type;
      if (const auto found = find(finder, *packet, link_type)) resolver_.add(*found, link_type, packet->data);
    }
  }
  resolver_.finish();
  read_ahead_ = true;
}

void FlowLabels::packet(const PacketView& packet, std::uint16_t link_type) {
  const auto found = find(finder_, packet, link_type);
  flow_ = found ? found->flow.flow : kNoFlow;
  if (found && request_.resolve && !read_ahead_) resolver_.add(*found, link_type, packet.data);
}

std::uint32_t FlowLabels::sample_of(std::size_t rule_sample) {
  const std::uint64_t key = std::uint64_t{flow_} << 32 | rule_sample;
  const auto next = static_cast<std::uint32_t>(samples_.size());
  auto [sample, added] = samples_.find_or_add(key);
  if (added) sample = next;
  return sample;
}

const std::string& FlowLabels::comment(const LabelView& label, std::string_view comment,
                                       std::size_t rule_sample) {
  if (request_.sample == SampleUnit::flow) {
    comment_ = fmt::format("{},{}", sample_of(rule_sample), label.metadata);
  } else {
    comment_ = comment;
  }
  if (!request_.resolve || flow_ == kNoFlow) return comment_;
  const NameResolver::Name name = resolver_.name(flow_);
  if (name.text.empty()) return comment_;
  // A label that names its remote end already knows better: live capture saw the process ask for it.
  if (label.metadata.find("dst=") != std::string_view::npos && decode_label(label).field("dst") != nullptr)
    return comment_;
  if (label.keyed) comment_ = encode_label(decode_label(label));
  comment_ += ",dst=";
  comment_ += name.text;
  if (request_.name_source) {
    comment_ += ",dst_source=";
    comment_ += name_of(name.source);
  }
  ++named_packets_;
  return comment_;
}

void FlowLabels::add_to(LabelResult& result) const {
  result.samples = samples_.size();
  result.named_packets = named_packets_;
  result.flows_forgotten = finder_.tracker().forgotten();
  result.fragmented_packets_incomplete = finder_.fragments().incomplete();
  if (request_.resolve) result.names = resolver_.counters();
}

}  // namespace pcapml
