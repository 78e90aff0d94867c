// SPDX-License-Identifier: Apache-2.0
#include "join/joiner.h"

#include <algorithm>
#include <charconv>

#include "pcapml/label.h"

namespace pcapml {
namespace {

void add(JoinCount& count, const PacketView& packet) {
  ++count.packets;
  count.bytes += packet.original_length;
}

}  // namespace

Joiner::Joiner(const JoinRequest& request, const FlowRecords& records, const FlowRules& rules, Claims& claims,
               ReadingProgress& progress, OutputStream& out, OrphanFiles& orphans, JoinReport& report)
    : request_(request),
      records_(records),
      rules_(rules),
      claims_(claims),
      progress_(progress),
      writer_(out),
      copier_(writer_),
      orphans_(orphans),
      report_(report),
      finder_(request.max_fragment_bytes),
      known_flows_(rules.span_count()),
      by_label_(records.labels.size()) {
  for (const std::string& label : records.labels) encoded_labels_.push_back(encode_text(label));
}

void Joiner::join(const InputFile& file) {
  InputOptions options = request_.input_options;
  options.progress = &progress_;
  CaptureInput input(file.path, options);
  while (const Record* record = input.next()) {
    if (record->kind == Record::Kind::packet) {
      packet(record->packet, input.interface(record->packet));
    } else {
      copier_.copy(*record, input.reader());
      orphans_.copy(*record, input.reader());
    }
  }
  progress_.end(input);
  input.add_to(report_.input);
}

void Joiner::packet(const PacketView& packet, const Interface& interface) {
  const Claims::Verdict verdict = this->verdict(packet, interface);
  count(verdict, packet);
  if (!verdict.is_claimed) orphans_.packet(packet);
  const PacketLabel old = find_label(packet.options);
  const bool has_label = verdict.record != FlowRules::kNone;
  if (!has_label && !request_.keep_unmatched) return;
  report_.replaced_labels += old.label ? 1 : 0;
  std::string_view comment = has_label ? std::string_view(this->comment(verdict)) : std::string_view{};
  if (has_label && request_.keep_old) comment = old_label_.added_to(comment, old);
  writer_.packet(packet.interface_id, packet, {old.before, comment, old.after});
}

Claims::Verdict Joiner::verdict(const PacketView& packet, const Interface& interface) {
  const auto found = finder_.find(interface.link_type, packet.data);
  if (!found) {
    ++report_.not_ip;
    return {};
  }
  const FlowKey& key = found->headers.flow;
  const FlowRules::Patterns patterns = rules_.patterns_of(key);
  claims_.prefetch(patterns);
  FlowMark& mark = mark_of(key, patterns);
  mark = std::max(mark, kSeen);
  if (!packet.has_timestamp) {
    ++report_.without_time;
    return {};
  }
  const Claims::Verdict verdict =
      claims_.claim(key, packet.timestamp_ns, rules_.spans_at(patterns, packet.timestamp_ns));
  if (verdict.record != FlowRules::kNone) mark = kMatched;
  return verdict;
}

Joiner::FlowMark& Joiner::mark_of(const FlowKey& key, const FlowRules::Patterns& patterns) {
  if (patterns.exact != FlowRules::kNone) return known_flows_[patterns.exact];
  const std::uint32_t number = other_numbers_.number_of(key);
  if (number >= other_flows_.size()) other_flows_.push_back(kNotSeen);
  return other_flows_[number];
}

void Joiner::count(const Claims::Verdict& verdict, const PacketView& packet) {
  add(report_.total, packet);
  if (verdict.is_conflict) add(report_.conflicting, packet);
  if (!verdict.is_claimed) add(report_.unmatched, packet);
  if (verdict.record != FlowRules::kNone) {
    add(report_.matched, packet);
    add(by_label_[verdict.label], packet);
  }
  if (!packet.has_timestamp) return;
  timeline_.add(packet.timestamp_ns, verdict.is_conflict  ? Timeline::Kind::conflicting
                                     : verdict.is_claimed ? Timeline::Kind::matched
                                                          : Timeline::Kind::unmatched);
}

const std::string& Joiner::comment(const Claims::Verdict& verdict) {
  if (verdict.record == comment_record_) return comment_;
  comment_record_ = verdict.record;
  char digits[10];
  const auto end = std::to_chars(digits, digits + sizeof digits, verdict.record).ptr;
  comment_.assign(digits, end);
  comment_ += ',';
  comment_ += encoded_labels_[verdict.label];
  return comment_;
}

void Joiner::finish() {
  old_label_.add_warnings(report_.input.warnings);
  for (const auto* flows : {&known_flows_, &other_flows_})
    for (const FlowMark mark : *flows) {
      report_.flows += mark != kNotSeen ? 1 : 0;
      report_.matched_flows += mark == kMatched ? 1 : 0;
    }
  report_.timeline = timeline_.result();
  for (std::size_t i = 0; i < by_label_.size(); ++i)
    report_.labels.push_back({records_.labels[i], 0, 0, by_label_[i]});
}

}  // namespace pcapml
