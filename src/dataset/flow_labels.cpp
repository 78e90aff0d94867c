// SPDX-License-Identifier: Apache-2.0
#include "dataset/flow_labels.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "format/block.h"
#include "io/read_ahead.h"
#include "net/mix.h"
#include "pcapml/error.h"

namespace pcapml {
namespace {

constexpr std::uint32_t kNoFlow = 0xffffffff;
constexpr std::size_t kMostFlows = std::size_t{8} << 20;  // numbers remembered of a reading, 4 bytes each
constexpr std::size_t kHeaderWords = 6;                   // addresses and ports of most packets
constexpr std::uint64_t kMixer = 0x9e3779b97f4a7c15;      // any odd number with bits all over
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
    : request_(request),
      finder_(request.flows),
      resolver_(request.resolver),
      flow_(kNoFlow),
      named_flow_(kNoFlow) {}

void FlowLabels::Content::add(const PacketView& packet) {
  ++packets;
  std::array<std::uint64_t, kHeaderWords> words{};
  if (packet.data.size() >= sizeof words) {
    std::memcpy(words.data(), packet.data.data(), sizeof words);  // of a size that the compiler knows
  } else if (!packet.data.empty()) {
    std::memcpy(words.data(), packet.data.data(), packet.data.size());
  }
  // Lanes, so that one multiplication need not wait for the other.
  const std::uint64_t a = mix(words[0] ^ kMixer, words[1]);
  const std::uint64_t b = mix(words[2] ^ kMixer, words[3]);
  const std::uint64_t c = mix(words[4] ^ kMixer, words[5]);
  const std::uint64_t d = mix(packet.ticks ^ kMixer, packet.data.size());
  mixed = mix(mixed ^ a, b ^ kMixer) + mix(c, d);
}

void FlowLabels::read_ahead(const std::vector<InputFile>& files, ReadingProgress& progress) {
  FlowFinder finder(request_.flows);
  bool remember = true;
  InputOptions options = request_.input_options;
  options.progress = &progress;
  for (const InputFile& file : files) {
    CaptureInput input(pcapml::read_ahead(open_source(file.path)), options);
    Content& content = ahead_.emplace_back();
    while (const PacketView* packet = input.next_packet()) {
      const std::uint16_t link_type = input.interface(*packet).link_type;
      const auto found = find(finder, *packet, link_type);
      if (found) resolver_.add(*found, link_type, packet->data);
      content.add(*packet);
      if (remember) flows_.push_back(found ? found->flow.flow : kNoFlow);
      if (flows_.size() > kMostFlows) {
        remember = false;
        flows_ = {};
      }
    }
    progress.end(input);
  }
  resolver_.finish();
  if (remember) finder_ = std::move(finder);
  std::reverse(ahead_.begin(), ahead_.end());
  read_ahead_ = true;
}

void FlowLabels::packet(const PacketView& packet, std::uint16_t link_type) {
  if (read_ahead_) content_.add(packet);
  if (next_flow_ < flows_.size()) {
    flow_ = flows_[next_flow_++];
    return;
  }
  const auto found = find(finder_, packet, link_type);
  flow_ = found ? found->flow.flow : kNoFlow;
  if (found && request_.resolve && !read_ahead_) resolver_.add(*found, link_type, packet.data);
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

NameResolver::Name FlowLabels::flow_name() {
  if (!request_.resolve || flow_ == kNoFlow) return {};
  if (flow_ != named_flow_ || !read_ahead_) {
    named_flow_ = flow_;
    name_ = resolver_.name(flow_);
  }
  return name_;
}

const std::string& FlowLabels::comment(const Rule& rule) {
  const NameResolver::Name name = flow_name();
  const bool by_flow = request_.sample == SampleUnit::flow;
  const std::uint32_t flow = by_flow ? flow_ : kNoFlow;
  if (&rule != made_.rule || flow != made_.flow || name.text != made_.name || name.source != made_.source) {
    made_ = {&rule, flow, std::string(name.text), name.source};
    const LabelView label = *parse_label(rule.comment);
    comment_ = by_flow ? fmt::format("{},{}", sample_of(rule.sample_id), label.metadata) : rule.comment;
    made_named_ = add_name(label, name);
  }
  named_packets_ += made_named_ ? 1 : 0;
  return comment_;
}

const std::string& FlowLabels::comment(const LabelView& label, std::string_view comment) {
  comment_ = comment;
  named_packets_ += add_name(label, flow_name()) ? 1 : 0;
  return comment_;
}

/// False where it adds nothing.
bool FlowLabels::add_name(const LabelView& label, const NameResolver::Name& name) {
  if (name.text.empty()) return false;
  std::optional<Label> decoded;
  if (label.keyed || label.metadata.find("dst=") != std::string_view::npos) decoded = decode_label(label);
  const std::string* known = decoded ? decoded->field("dst") : nullptr;
  // A label that names its remote end already knows better: live capture saw the process ask for it.
  if (known != nullptr && !known->empty()) return false;
  const bool with_source = request_.name_source;
  std::size_t more = kDst.size() + name.text.size();
  if (with_source) more += kDstSource.size() + name_of(name.source).size();
  if (label.keyed) {
    std::string positional = encode_label(*decoded);
    if (positional.size() + more <= kMaxOptionLength) comment_ = std::move(positional);
  }
  if (comment_.size() + more > kMaxOptionLength) {
    ++full_labels_;
    return false;
  }
  if (known != nullptr) drop_empty_dst(comment_);
  comment_ += kDst;
  comment_ += name.text;
  if (with_source) {
    comment_ += kDstSource;
    comment_ += name_of(name.source);
  }
  return true;
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
