// SPDX-License-Identifier: Apache-2.0
#include "dataset/flow_labels.h"

#include <fmt/format.h>

#include <algorithm>

#include "format/block.h"
#include "net/mix.h"
#include "pcapml/error.h"

namespace pcapml {
namespace {

constexpr std::uint32_t kNoFlow = 0xffffffff;
constexpr std::uint64_t kMixer = 0x9e3779b97f4a7c15;  // any odd number with bits all over
constexpr std::string_view kDst = ",dst=", kDstSource = ",dst_source=";

std::optional<FlowPacket> find(FlowFinder& finder, const PacketView& packet, std::uint16_t link_type) {
  return finder.find(link_type, packet.data, packet.timestamp_ns, packet.has_timestamp);
}

/// Takes a `dst=` that says nothing out of a positional label.
void drop_empty_dst(std::string& text) {
  const std::size_t name_end = text.find(',', text.find(',') + 1);
  for (std::size_t at = text.find(kDst, name_end); at != std::string::npos; at = text.find(kDst, at + 1)) {
    const std::size_t end = at + kDst.size();
    if (end != text.size() && text[end] != ',') continue;
    text.erase(at, kDst.size());
    return;
  }
}

}  // namespace

FlowLabels::FlowLabels(const LabelRequest& request)
    : request_(request), finder_(request.flows), resolver_(request.resolver), flow_(kNoFlow) {}

void FlowLabels::Content::add(const PacketView& packet, std::uint32_t flow) {
  ++packets;
  mixed = mix(mixed ^ packet.ticks, kMixer ^ std::uint64_t{flow} << 32 ^ packet.data.size());
}

void FlowLabels::read_ahead(const std::vector<InputFile>& files, ReadingProgress& progress) {
  FlowFinder finder(request_.flows);
  InputOptions options = request_.input_options;
  options.progress = &progress;
  for (const InputFile& file : files) {
    CaptureInput input(file.path, options);
    Content& content = ahead_.emplace_back();
    while (const PacketView* packet = input.next_packet()) {
      const std::uint16_t link_type = input.interface(*packet).link_type;
      const auto found = find(finder, *packet, link_type);
      if (found) resolver_.add(*found, link_type, packet->data);
      content.add(*packet, found ? found->flow.flow : kNoFlow);
    }
    progress.end(input);
  }
  resolver_.finish();
  std::reverse(ahead_.begin(), ahead_.end());
  read_ahead_ = true;
}

void FlowLabels::packet(const PacketView& packet, std::uint16_t link_type) {
  const auto found = find(finder_, packet, link_type);
  flow_ = found ? found->flow.flow : kNoFlow;
  if (read_ahead_)
    content_.add(packet, flow_);
  else if (found && request_.resolve)
    resolver_.add(*found, link_type, packet.data);
}

void FlowLabels::end(const InputFile& file) {
  if (!read_ahead_) return;
  if (content_ != ahead_.back())
    throw DataError(fmt::format("{}: changed between the two readings that --resolve takes", file.path));
  content_ = {};
  ahead_.pop_back();
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
  if (request_.resolve && flow_ != kNoFlow) add_name(label);
  return comment_;
}

void FlowLabels::add_name(const LabelView& label) {
  const NameResolver::Name name = resolver_.name(flow_);
  if (name.text.empty()) return;
  std::optional<Label> decoded;
  if (label.keyed || label.metadata.find("dst=") != std::string_view::npos) decoded = decode_label(label);
  const std::string* known = decoded ? decoded->field("dst") : nullptr;
  // A label that names its remote end already knows better: live capture saw the process ask for it.
  if (known != nullptr && !known->empty()) return;
  const bool with_source = request_.name_source;
  std::size_t more = kDst.size() + name.text.size();
  if (with_source) more += kDstSource.size() + name_of(name.source).size();
  if (label.keyed) {
    std::string positional = encode_label(*decoded);
    if (positional.size() + more <= kMaxOptionLength) comment_ = std::move(positional);
  }
  if (comment_.size() + more > kMaxOptionLength) {
    ++full_labels_;
    return;
  }
  if (known != nullptr) drop_empty_dst(comment_);
  comment_ += kDst;
  comment_ += name.text;
  if (with_source) {
    comment_ += kDstSource;
    comment_ += name_of(name.source);
  }
  ++named_packets_;
}

void FlowLabels::add_to(LabelResult& result) const {
  result.samples = samples_.size();
  result.named_packets = named_packets_;
  result.flows_forgotten = finder_.tracker().forgotten();
  result.fragmented_packets_incomplete = finder_.fragments().incomplete();
  if (full_labels_ > 0)
    result.report.warnings.push_back(fmt::format("{} labels have no room for dst=: a comment holds {} bytes",
                                                 full_labels_, kMaxOptionLength));
  if (request_.resolve) result.names = resolver_.counters();
}

}  // namespace pcapml
