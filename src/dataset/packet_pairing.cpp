// SPDX-License-Identifier: Apache-2.0
#include "dataset/packet_pairing.h"

#include <algorithm>
#include <limits>

#include "pcapml/error.h"

namespace pcapml {
namespace {

/// The length of the whole packet. That of a frame reads from above, so that it meets no IP packet's: a frame
/// of which nothing was captured would be equal to any IP packet of its length.
std::uint32_t whole_of(const PacketContent& content) {
  return content.is_ip ? content.length : ~content.length;
}

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

constexpr auto kSameKey = [](const PairingEntry& a, const PairingEntry& b) { return a.key == b.key; };

}  // namespace

void PacketPairing::add(Side side, const PacketContent& content, std::int64_t timestamp_ns) {
  if (packets_.size() >= kNone - 1) throw DataError("compare takes at most 4,294,967,294 packets");
  const auto packet = static_cast<std::uint32_t>(packets_.size());
  const auto captured = static_cast<std::uint32_t>(std::min<std::size_t>(content.bytes.size(), kNever - 1));
  packets_.push_back({timestamp_ns, whole_of(content), captured, kNone, captured});
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
    packet.prefix = planned_ && packet.partner == kNone ? packet.prefix | kIdle : kIdle | kNever;
    if (packet.partner != kNone) continue;
    const std::uint64_t key = std::uint64_t{packet.whole} << 32 | packet.captured;
    entries_.push_back({key, 0, static_cast<std::uint32_t>(i)});
  }
  sort_entries(entries_.all());
  const auto same_whole = [](const auto& a, const auto& b) { return a.key >> 32 == b.key >> 32; };
  for_each_run(entries_.all(), same_whole, [this](std::span<PairingEntry> entries) {
    if (!planned_) coarsen(entries);
    plan_step(entries);
  });
  planned_ = true;
  entries_.clear();
  return wanted_[0] || wanted_[1];
}

/// Where packets of one length were cut at very many lengths, lets similar ones count as the shortest of
/// them. Frequent lengths, as a snap length makes them, stay as they are.
void PacketPairing::coarsen(std::span<PairingEntry> entries) {
  constexpr std::size_t kSteps = 12;
  std::size_t distinct = 0;
  for_each_run(entries, kSameKey, [&](auto) { ++distinct; });
  if (distinct <= kSteps) return;
  coarse_ = true;
  const std::size_t most = entries.size() / kSteps;
  std::uint32_t shortest = 0;
  std::size_t taken = std::numeric_limits<std::size_t>::max() / 2;
  for_each_run(entries, kSameKey, [&](std::span<PairingEntry> cut) {
    const std::uint32_t captured = packets_[cut[0].packet].captured;
    if (taken + cut.size() > most || captured / 2 > shortest) {
      shortest = captured;
      taken = 0;
    }
    taken += cut.size();
    for (PairingEntry& entry : cut) {
      packets_[entry.packet].captured = shortest;
      entry.key = entry.key >> 32 << 32 | shortest;
    }
  });
  sort_entries(entries);
}

/// Finds the longest cut at which packets of one length can still be paired, and wants those that can. Once
/// that was tried, it is over: less and less is left to be paired.
void PacketPairing::plan_step(std::span<PairingEntry> entries) {
  std::size_t longer[2] = {0, 0};
  for (std::size_t end = entries.size(); end > 0;) {
    std::size_t begin = end, exact[2] = {0, 0};
    for (; begin > 0 && entries[begin - 1].key == entries[end - 1].key; --begin)
      ++exact[side_of(entries[begin - 1].packet)];
    const std::span<PairingEntry> cut = entries.subspan(begin, end - begin), above = entries.subspan(end);
    const bool among = coarse_ && exact[0] > 0 && exact[1] > 0;
    const bool truth_cut = exact[0] > 0 && longer[1] > 0, test_cut = exact[1] > 0 && longer[0] > 0;
    if (among || truth_cut || test_cut) {
      const Packet& sample = packets_[(truth_cut || among ? cut.front() : cut.back()).packet];
      if ((sample.prefix & ~kIdle) > sample.captured) {
        const std::uint32_t prefix = sample.captured;
        if (among || truth_cut) want(cut, 0, prefix);
        if (among || test_cut) want(cut, 1, prefix);
        if (truth_cut) want(above, 1, prefix);
        if (test_cut) want(above, 0, prefix);
        return;
      }
    }
    longer[0] += exact[0];
    longer[1] += exact[1];
    end = begin;
  }
}

void PacketPairing::want(std::span<PairingEntry> entries, std::size_t side, std::uint32_t prefix) {
  for (const PairingEntry& entry : entries) {
    if (side_of(entry.packet) != side) continue;
    packets_[entry.packet].prefix = prefix;
    wanted_[side] = true;
  }
}

}  // namespace pcapml
