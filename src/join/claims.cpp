// SPDX-License-Identifier: Apache-2.0
#include "join/claims.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <unordered_map>

namespace pcapml {
namespace {

constexpr std::size_t kMostConflicts = 10;  // that a report tells
constexpr std::size_t kMostLabels = 5;      // of each

/// How many records hold for each label, and which label most records have.
class Tally {
 public:
  explicit Tally(std::size_t labels) : counts_(labels) {}

  void add(std::uint32_t label) {
    labels_ += counts_[label] == 0 ? 1 : 0;
    ++counts_[label];
  }
  void remove(std::uint32_t label) {
    --counts_[label];
    labels_ -= counts_[label] == 0 ? 1 : 0;
  }
  std::size_t labels() const { return labels_; }

 private:
  std::vector<std::uint32_t> counts_;
  std::size_t labels_ = 0;
};

/// The first record of the label that most records have, or kNone where two labels have as many. `rules` in
/// ascending order.
std::uint32_t majority_of(const std::vector<std::uint32_t>& rules, const FlowRecords& records) {
  struct Of {
    std::uint32_t first = 0, count = 0;
  };
  std::unordered_map<std::uint32_t, Of> by_label;
  for (const std::uint32_t rule : rules) {
    Of& of = by_label[records.records[rule].label];
    if (of.count++ == 0) of.first = rule;
  }
  Of best;
  bool tie = false;
  for (const auto& [label, of] : by_label) {
    if (of.count == best.count) tie = true;
    if (of.count <= best.count) continue;
    best = of;
    tie = false;
  }
  return tie ? FlowRules::kNone : best.first;
}

std::string text_of(const FlowPattern::End& end) {
  std::string address = to_string(end.address);
  if (!end.port || *end.port == 0) return address;
  return end.address.version == 6 ? fmt::format("[{}]:{}", address, *end.port)
                                  : fmt::format("{}:{}", address, *end.port);
}

}  // namespace

/// Goes through all spans once and says for each whose packets are its packets.
class Claims::Judge {
 public:
  explicit Judge(Claims& claims) : claims_(claims), tally_(claims.records_.labels.size()) {}

  void opens(std::uint32_t rule) {
    const std::uint32_t label = label_of(rule);
    tally_.add(label);
    if (claims_.policy_ != Conflicts::majority) return;
    auto& records = by_label_[label];
    if (!records.empty()) by_count_.erase({records.size(), label});
    records.insert(rule);
    by_count_.insert({records.size(), label});
  }

  void closes(std::uint32_t rule) {
    const std::uint32_t label = label_of(rule);
    tally_.remove(label);
    if (claims_.policy_ != Conflicts::majority) return;
    auto& records = by_label_[label];
    by_count_.erase({records.size(), label});
    records.erase(records.find(rule));
    if (records.empty()) {
      by_label_.erase(label);
    } else {
      by_count_.insert({records.size(), label});
    }
  }

  void span(std::uint32_t index) {
    SpanState& state = claims_.spans_[index];
    state.record = claims_.rules_.span(index).first;
    const bool is_conflict = tally_.labels() > 1;
    if (is_conflict && claims_.policy_ != Conflicts::first)
      state.record = claims_.policy_ == Conflicts::majority ? majority() : FlowRules::kNone;
    if (state.record != FlowRules::kNone) state.label_and_conflict = label_of(state.record);
    if (is_conflict) state.label_and_conflict |= SpanState::kConflict;
  }

 private:
  std::uint32_t label_of(std::uint32_t rule) const { return claims_.records_.records[rule].label; }

  std::uint32_t majority() const {
    const auto most = by_count_.rbegin();
    if (const auto next = std::next(most); next != by_count_.rend() && next->first == most->first)
      return FlowRules::kNone;
    return *by_label_.at(most->second).begin();
  }

  Claims& claims_;
  Tally tally_;
  std::unordered_map<std::uint32_t, std::multiset<std::uint32_t>> by_label_;
  std::set<std::pair<std::size_t, std::uint32_t>> by_count_;  // with a majority to find
};

/// Goes through all spans again and notes the labels of the chosen ones.
class Claims::ConflictTeller {
 public:
  ConflictTeller(const FlowRecords& records, std::map<std::uint32_t, RecordConflict*> chosen)
      : records_(records), chosen_(std::move(chosen)) {}

  void opens(std::uint32_t rule) { open_.insert(rule); }
  void closes(std::uint32_t rule) { open_.erase(open_.find(rule)); }
  void span(std::uint32_t index) {
    const auto found = chosen_.find(index);
    if (found == chosen_.end()) return;
    constexpr std::size_t kMostRecords = 10'000;  // looked at
    std::size_t looked = 0;
    for (const std::uint32_t rule : open_) {
      note(*found->second, rule);
      if (++looked == kMostRecords) break;
    }
  }
  void note(RecordConflict& conflict, std::uint32_t rule) const {
    const FlowRecord& record = records_.records[rule];
    const std::string& label = records_.labels[record.label];
    const bool known = std::any_of(conflict.labels.begin(), conflict.labels.end(),
                                   [&](const auto& pair) { return pair.second == label; });
    if (!known && conflict.labels.size() < kMostLabels) conflict.labels.emplace_back(record.line, label);
  }

 private:
  const FlowRecords& records_;
  std::map<std::uint32_t, RecordConflict*> chosen_;
  std::multiset<std::uint32_t> open_;
};

Claims::Claims(const FlowRecords& records, const FlowRules& rules, Conflicts conflicts)
    : records_(records), rules_(rules), policy_(conflicts), spans_(rules.span_count()) {
  rules.sweep(Judge(*this));
}

Claims::Verdict Claims::claim(const FlowKey& packet, std::int64_t time_ns, const FlowRules::Spans& spans) {
  if (spans.size == 0) return {};
  if (spans.size > 1) {
    Several& several = settle(packet, time_ns, spans);
    ++several.packets;
    return several.verdict;
  }
  SpanState& state = spans_[spans.index[0]];
  ++state.packets;
  return {state.record, state.label(), true, state.is_conflict()};
}

Claims::Several& Claims::settle(const FlowKey& packet, std::int64_t time_ns, const FlowRules::Spans& spans) {
  const auto [found, added] = several_.try_emplace(std::vector<std::uint32_t>(spans.begin(), spans.end()));
  Several& several = found->second;
  if (!added) return several;
  Verdict& verdict = several.verdict;
  verdict.is_claimed = true;
  for (const std::uint32_t index : spans) {
    const std::uint32_t first = rules_.span(index).first;
    const bool other = verdict.record != FlowRules::kNone &&
                       records_.records[first].label != records_.records[verdict.record].label;
    verdict.is_conflict = verdict.is_conflict || other || spans_[index].is_conflict();
    verdict.record = std::min(verdict.record, first);
  }
  if (verdict.is_conflict && policy_ == Conflicts::none) verdict.record = FlowRules::kNone;
  if (verdict.is_conflict && policy_ == Conflicts::majority) {
    rules_.all(packet, time_ns, scratch_);
    verdict.record = majority_of(scratch_, records_);
  }
  if (verdict.record != FlowRules::kNone) verdict.label = records_.records[verdict.record].label;
  return several;
}

Claims::Counts Claims::counts() const {
  Counts counts;
  counts.claimed.resize(spans_.size());
  counts.conflicting.resize(spans_.size());
  counts.taken.resize(records_.records.size());
  for (std::size_t i = 0; i < spans_.size(); ++i) {
    const SpanState& state = spans_[i];
    counts.claimed[i] += state.packets;
    if (state.is_conflict()) counts.conflicting[i] += state.packets;
    if (state.record != FlowRules::kNone) counts.taken[state.record] += state.packets;
  }
  for (const auto& [spans, several] : several_) {
    for (const std::uint32_t i : spans) {
      counts.claimed[i] += several.packets;
      if (several.verdict.is_conflict) counts.conflicting[i] += several.packets;
    }
    if (several.verdict.record != FlowRules::kNone) counts.taken[several.verdict.record] += several.packets;
  }
  return counts;
}

std::vector<Claims::RecordCounts> Claims::record_counts(const Counts& counts) const {
  const auto sums = [](const std::vector<std::uint64_t>& of) {
    std::vector<std::uint64_t> before(of.size() + 1);
    for (std::size_t i = 0; i < of.size(); ++i) before[i + 1] = before[i] + of[i];
    return before;
  };
  const auto claimed = sums(counts.claimed), conflicting = sums(counts.conflicting);
  std::vector<RecordCounts> result(records_.records.size());
  rules_.for_each_window([&](std::uint32_t rule, std::uint32_t first, std::uint32_t last) {
    result[rule].claimed += claimed[last + 1] - claimed[first];
    result[rule].conflicting += conflicting[last + 1] - conflicting[first];
  });
  return result;
}

std::vector<bool> Claims::have_packets() const {
  const auto records = record_counts(counts());
  std::vector<bool> result(records.size());
  for (std::size_t i = 0; i < records.size(); ++i) result[i] = records[i].claimed > 0;
  return result;
}

void Claims::add_to(JoinReport& report) const {
  const Counts counts = this->counts();
  const auto by_record = record_counts(counts);
  for (std::size_t i = 0; i < by_record.size(); ++i) {
    const FlowRecord& record = records_.records[i];
    if (record.label == FlowRecord::kNoLabel) continue;
    LabelJoin& label = report.labels[record.label];
    ++label.records;
    const RecordCounts& of = by_record[i];
    if (of.claimed == 0) {
      ++report.records_without_packets;
      continue;
    }
    ++label.records_with_packets;
    ++report.records_with_packets;
    if (of.conflicting > 0) {
      ++report.records_in_conflict;
    } else if (counts.taken[i] == 0) {
      ++report.duplicate_records;
    }
  }
  add_conflicts(counts, report);
}

void Claims::add_conflicts(const Counts& counts, JoinReport& report) const {
  std::vector<std::uint32_t> worst;
  for (std::uint32_t i = 0; i < spans_.size(); ++i)
    if (counts.conflicting[i] > 0) worst.push_back(i);
  const std::size_t told = std::min(worst.size(), kMostConflicts);
  std::partial_sort(worst.begin(), worst.begin() + static_cast<std::ptrdiff_t>(told), worst.end(),
                    [&](std::uint32_t a, std::uint32_t b) {
                      if (counts.conflicting[a] != counts.conflicting[b])
                        return counts.conflicting[a] > counts.conflicting[b];
                      return a < b;
                    });
  worst.resize(told);
  report.conflicts.resize(told);
  std::map<std::uint32_t, RecordConflict*> chosen;
  for (std::size_t i = 0; i < told; ++i) {
    const FlowRules::Span& span = rules_.span(worst[i]);
    const FlowPattern& pattern = records_.records[span.first].pattern;
    RecordConflict& conflict = report.conflicts[i];
    conflict.first_end = text_of(pattern.a);
    conflict.second_end = text_of(pattern.b);
    if (pattern.protocol) conflict.protocol = std::to_string(*pattern.protocol);
    conflict.start_ns = span.start_ns;
    conflict.end_ns = rules_.end_of_span(worst[i]);
    conflict.packets = counts.conflicting[worst[i]];
    conflict.records = span.rules;
    chosen.emplace(worst[i], &conflict);
  }
  ConflictTeller teller(records_, chosen);
  rules_.sweep(teller);
  for (const auto& [spans, several] : several_)
    if (several.verdict.is_conflict)
      for (const std::uint32_t index : spans)
        if (const auto found = chosen.find(index); found != chosen.end())
          for (const std::uint32_t other : spans) teller.note(*found->second, rules_.span(other).first);
}

}  // namespace pcapml
