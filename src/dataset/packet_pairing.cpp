// SPDX-License-Identifier: Apache-2.0
#include "dataset/packet_pairing.h"

#include <algorithm>

#include "dataset/cut_plan.h"
#include "pcapml/error.h"

namespace pcapml {
namespace {

PairingEntry entry_of(const ContentHash& hash, std::uint32_t packet) {
  return {hash.low, static_cast<std::uint32_t>(hash.high), packet};
}

/// Calls `use` for each run of entries that `same` finds equal to the first of the run.
template <class Same, class Use>
void for_each_run(std::span<PairingEntry> entries, Same same, Use use) {
  for (std::size_t begin = 0, end = 0; begin < entries.size(); begin = end) {
    for (end = begin + 1; end < entries.size() && same(entries[begin], entries[end]); ++end) {
    }
    use(entries.subspan(begin, end - begin));
  }
}

}  // namespace

std::uint32_t whole_length(const PacketContent& content) {
  return content.is_ip ? content.length : ~content.length;
}

std::uint32_t counting_length(const PacketContent& content) {
  return static_cast<std::uint32_t>(std::min<std::size_t>(content.bytes.size(), kNoPrefix - 1));
}

void PacketPairing::add(Side side, const PacketContent& content, std::int64_t timestamp_ns) {
  if (packets_.size() >= kNone - 1) throw DataError("compare takes at most 4,294,967,294 packets");
  const auto packet = static_cast<std::uint32_t>(packets_.size());
  const std::uint32_t captured = counting_length(content);
  packets_.push_back({timestamp_ns, whole_length(content), captured, kNone, captured});
  entries_.push_back(entry_of(hash_content(content), packet));
  if (side == Side::truth) ++truth_packets_;
  if (!content.is_complete()) any_cut_ = true;
}

void PacketPairing::show(Side side, std::uint32_t number, const PacketContent& content) {
  const std::size_t packet = place(side, number);
  entries_.push_back(
      entry_of(hash_content(content, packets_[packet].prefix), static_cast<std::uint32_t>(packet)));
}

bool PacketPairing::pair() {
  times_ = TimePairing(truth_packets_);
  sort_entries(entries_.all());
  pair_groups();
  times_ = TimePairing(truth_packets_);
  entries_.clear();
  const bool more = any_cut_ && plan();
  if (!more) entries_.release();
  return more;
}

void PacketPairing::pair_groups() {
  const auto same_hash = [](const PairingEntry& a, const PairingEntry& b) {
    return a.key == b.key && a.more == b.more;
  };
  for_each_run(entries_.all(), same_hash, [this](std::span<PairingEntry> group) {
    if (group.size() == 2) {
      const std::uint32_t a = group[0].packet, b = group[1].packet;
      if (side_of(a) != side_of(b) && (is_exact(a) || is_exact(b))) join(a, b);
    } else if (group.size() > 2) {
      pair_group(group);
    }
  });
}

/// Whether the packet was cut just where its hash ends.
bool PacketPairing::is_exact(std::uint32_t packet) const {
  return packets_[packet].captured == packets_[packet].prefix;
}

/// Pairs packets that are equal as far as their hash goes. Those that were cut there meet first; what they
/// leave of one side meets the longer ones of the other. Longer ones of both sides were compared in an
/// earlier step, and differ.
void PacketPairing::pair_group(std::span<PairingEntry> group) {
  for (PairingEntry& entry : group) entry.key = TimePairing::time_key(packets_[entry.packet].timestamp_ns);
  const auto longer =
      std::partition(group.begin(), group.end(), [this](const auto& e) { return is_exact(e.packet); });
  pair_line({group.begin(), longer});
  if (longer == group.end()) return;
  const auto left = std::partition(group.begin(), longer,
                                   [this](const auto& e) { return packets_[e.packet].partner == kNone; });
  if (left == group.begin()) return;
  const std::size_t side = side_of(group[0].packet);
  auto end = left;
  for (auto other = longer; other != group.end(); ++other)
    if (side_of(other->packet) != side) std::iter_swap(end++, other);
  pair_line({group.begin(), end});
}

void PacketPairing::pair_line(std::span<PairingEntry> line) {
  times_.pair(line);
  for (const PairingEntry& entry : line)
    if (entry.more != kNone && side_of(entry.packet) == 0) join(entry.packet, entry.more);
}

void PacketPairing::join(std::uint32_t a, std::uint32_t b) {
  packets_[a].partner = b;
  packets_[b].partner = a;
  ++pairs_;
}

bool PacketPairing::plan() {
  wanted_[0] = wanted_[1] = false;
  for (std::size_t i = 0; i < packets_.size(); ++i) {
    Packet& packet = packets_[i];
    packet.prefix = planned_ && packet.partner == kNone ? packet.prefix | kIdle : kIdle | kNoPrefix;
    if (packet.partner != kNone) continue;
    const std::uint64_t key = std::uint64_t{packet.whole} << 32 | packet.captured;
    entries_.push_back({key, 0, static_cast<std::uint32_t>(i)});
  }
  sort_entries(entries_.all());
  const auto same_whole = [](const auto& a, const auto& b) { return a.key >> 32 == b.key >> 32; };
  CutPlan plan;
  for_each_run(entries_.all(), same_whole, [&](std::span<PairingEntry> entries) {
    plan.clear();
    for (const PairingEntry& entry : entries) {
      const Packet& packet = packets_[entry.packet];
      plan.add(packet.captured, side_of(entry.packet), entry.packet, packet.prefix & ~kIdle);
    }
    const bool changed = !planned_ && plan.coarsen();
    if (changed) coarse_ = true;
    plan.decide(coarse_);
    for (const PairingEntry& entry : entries) {
      Packet& packet = packets_[entry.packet];
      if (changed) packet.captured = plan.coarse(packet.captured);
      const std::size_t side = side_of(entry.packet);
      if (!plan.wants(side, packet.captured)) continue;
      packet.prefix = *plan.prefix();
      wanted_[side] = true;
    }
  });
  planned_ = true;
  entries_.clear();
  return wanted_[0] || wanted_[1];
}

}  // namespace pcapml
