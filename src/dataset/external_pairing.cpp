// SPDX-License-Identifier: Apache-2.0
#include "dataset/external_pairing.h"

#include <algorithm>
#include <utility>

namespace pcapml {
namespace {

/// Of a group in memory: its record, its entry, and what TimePairing keeps.
constexpr std::size_t kGroupedPacket = sizeof(PairingRecord) + sizeof(PairingEntry) + 16;

bool is_exact(const PairingRecord& record) { return record.captured == record.prefix; }

}  // namespace

// Alive at a time: one sorter that is read, two that are filled, and a group, or another sorter in its place.
ExternalPairing::ExternalPairing(std::size_t memory_bytes, const std::string& directory, Results results)
    : unit_bytes_(memory_bytes / 4),
      directory_(directory),
      results_(std::move(results)),
      shown_(new_sorter()),
      unpaired_(new_sorter()) {}

void ExternalPairing::add(PairingRecord record, std::uint64_t hash_key, std::uint32_t hash_more,
                          bool is_complete) {
  record.prefix = record.captured;
  if (!is_complete) any_cut_ = true;
  shown_->add(hash_key, hash_more, record);
}

void ExternalPairing::show(std::uint64_t hash_key, std::uint32_t hash_more) {
  shown_->add(hash_key, hash_more, *wanted_);
  next_wanted();
}

void ExternalPairing::next_wanted() {
  const PairingRecord* next = to_show_->next();
  wanted_ = next == nullptr ? std::nullopt : std::optional(*next);
}

bool ExternalPairing::pair() {
  pair_groups();
  shown_.reset();
  to_show_.reset();
  if (any_cut_ && plan()) {
    shown_ = new_sorter();
    next_wanted();
    return true;
  }
  while (const PairingRecord* record = unpaired_->next()) results_.alone(*record);
  return false;
}

void ExternalPairing::leave(const PairingRecord& record) {
  unpaired_->add(std::uint64_t{record.whole} << 32 | record.captured, record.place(), record);
}

void ExternalPairing::pair_groups() {
  const std::size_t most = std::max<std::size_t>(unit_bytes_ / kGroupedPacket, 2);
  std::vector<PairingRecord> group;
  const PairingRecord* next = shown_->next();
  while (next != nullptr) {
    const auto goes_on = [&, major = shown_->major(), minor = shown_->minor()] {
      return next != nullptr && shown_->major() == major && shown_->minor() == minor;
    };
    group.clear();
    for (; goes_on() && group.size() < most; next = shown_->next()) group.push_back(*next);
    if (!goes_on()) {
      pair_group(group);
      continue;
    }
    LongGroup all(unit_bytes_, directory_);
    for (const PairingRecord& record : group) all.add(record);
    group = {};
    for (; goes_on(); next = shown_->next()) all.add(*next);
    all.pair(results_.pair, [this](const PairingRecord& record) { leave(record); });
  }
}

/// Pairs packets that are equal as far as their hash goes. Those that were cut there meet first; what they
/// leave of one side meets the longer ones of the other. Longer ones of both sides were compared in an
/// earlier step, and differ.
void ExternalPairing::pair_group(const std::vector<PairingRecord>& group) {
  if (group.size() == 1) return leave(group[0]);
  if (group.size() == 2 && group[0].is_test != group[1].is_test && (is_exact(group[0]) || is_exact(group[1])))
    return results_.pair(group[0], group[1]);
  const auto truth_packets = static_cast<std::uint32_t>(
      std::find_if(group.begin(), group.end(), [](const auto& r) { return r.is_test; }) - group.begin());
  times_ = TimePairing(truth_packets);
  is_paired_.assign(group.size(), false);
  const auto pair_those = [&](auto belongs) {
    line_.clear();
    for (std::uint32_t i = 0; i < group.size(); ++i)
      if (!is_paired_[i] && belongs(group[i])) line_.push_back({group[i].time_key(), 0, i});
    times_.pair(line_);
    for (const PairingEntry& entry : line_) {
      if (entry.more == TimePairing::kNone) continue;
      is_paired_[entry.packet] = true;
      if (entry.packet < truth_packets) results_.pair(group[entry.packet], group[entry.more]);
    }
  };
  pair_those(is_exact);
  std::size_t left = 0;
  while (left < group.size() && (is_paired_[left] || !is_exact(group[left]))) ++left;
  if (left < group.size())
    pair_those([is_test = group[left].is_test](const PairingRecord& record) {
      return is_exact(record) == (record.is_test == is_test);
    });
  for (std::size_t i = 0; i < group.size(); ++i)
    if (!is_paired_[i]) leave(group[i]);
}

/// Decides what is looked at in the next step; false where nothing is.
bool ExternalPairing::plan() {
  const std::unique_ptr<Sorter> records = std::exchange(unpaired_, new_sorter());
  to_show_ = new_sorter();
  any_wanted_ = false;
  RecordSpool<PairingRecord> of_one_length(directory_);
  const PairingRecord* next = records->next();
  while (next != nullptr) {
    of_one_length.clear();
    cuts_.clear();
    for (const std::uint32_t whole = next->whole; next != nullptr && next->whole == whole;
         next = records->next()) {
      PairingRecord record = *next;
      if (!planned_) record.prefix = kNoPrefix;
      cuts_.add(record.captured, record.is_test ? 1 : 0, record.place(), record.prefix);
      of_one_length.push_back(record);
    }
    plan_length(of_one_length);
  }
  planned_ = true;
  return any_wanted_;
}

void ExternalPairing::plan_length(RecordSpool<PairingRecord>& records) {
  const bool changed = !planned_ && cuts_.coarsen();
  if (changed) coarse_ = true;
  cuts_.decide(coarse_);
  for (std::uint64_t i = 0; i < records.size(); ++i) {
    PairingRecord record = records.read(i);
    if (changed) record.captured = cuts_.coarse(record.captured);
    if (cuts_.wants(record.is_test ? 1 : 0, record.captured)) {
      record.prefix = *cuts_.prefix();
      to_show_->add(record.place(), 0, record);
      any_wanted_ = true;
    } else {
      leave(record);
    }
  }
}

}  // namespace pcapml
