// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "dataset/column.h"
#include "dataset/pairing_entry.h"
#include "dataset/time_pairing.h"
#include "net/packet_content.h"

namespace pcapml {

/// The length of the whole packet. That of a frame reads from above, so that it meets no IP packet's: a frame
/// of which nothing was captured would be equal to any IP packet of its length.
std::uint32_t whole_length(const PacketContent& content);
/// Bytes of the content that count.
std::uint32_t counting_length(const PacketContent& content);
/// Longer than any packet: how much of it was tried where nothing was.
inline constexpr std::uint32_t kNoPrefix = 0x7fffffff;

/// Pairs the packets of two captures by content.
///
/// First all packets are paired whose contents are equal and cut at the same length. The others need a look
/// at what both hold. For each length of a whole packet, the lengths at which such packets were cut are taken
/// from the longest to the shortest: those cut there are paired with those of the other side of which more is
/// there, by the hash of as much as both hold. Each step reads the files again, but serves all lengths of
/// whole packets at once, and only packets that are not paired yet take part. So one odd packet costs a
/// reading and disturbs no other pair, and two packets that differ in what both hold are never a pair.
///
/// Where packets of one length were cut at more than a few lengths, similar lengths count as the shortest of
/// them: the number of steps is bounded, whatever the files are.
///
/// Usage: add() every packet, the truth's first; then, as long as pair() says so, show every packet that is
/// wanted again. Memory: 40 bytes for each packet, and 12 for each of the largest group of equal packets that
/// is not as large on both sides. Not thread-safe.
class PacketPairing {
 public:
  enum class Side : unsigned char { truth, test };

  /// Throws DataError beyond 2^32 - 2 packets.
  void add(Side side, const PacketContent& content, std::int64_t timestamp_ns);

  /// Pairs what can be paired by what was shown. True where more can, after another look at wanted packets.
  bool pair();

  /// Whether another look at some packet of this side is wanted.
  bool wants(Side side) const { return wanted_[index(side)]; }
  bool wants(Side side, std::uint32_t number) const { return packets_[place(side, number)].prefix < kIdle; }
  /// Shows a packet again; `number` counts the side's packets in the order of add().
  void show(Side side, std::uint32_t number, const PacketContent& content);

  /// The number of the test's packet that this one of the truth is paired with.
  std::optional<std::uint32_t> partner(std::uint32_t number) const {
    const std::uint32_t found = packets_[number].partner;
    if (found == kNone) return std::nullopt;
    return found - truth_packets_;
  }
  bool is_paired(Side side, std::uint32_t number) const {
    return packets_[place(side, number)].partner != kNone;
  }
  std::uint64_t pairs() const { return pairs_; }

  /// Whether some packet was not captured as a whole.
  bool has_cut_packets() const { return any_cut_; }
  /// Before the first pair(): calls use(side, number, timestamp_ns, whole, captured, entry) for each packet,
  /// with its hash in the entry, in the order of add().
  template <class Use>
  void for_each_added(Use use) const {
    for (std::uint32_t i = 0; i < packets_.size(); ++i) {
      const Packet& packet = packets_[i];
      const bool is_truth = i < truth_packets_;
      use(is_truth ? Side::truth : Side::test, is_truth ? i : i - truth_packets_, packet.timestamp_ns,
          packet.whole, packet.captured, entries_[i]);
    }
  }
  std::uint32_t count(Side side) const {
    return side == Side::truth ? truth_packets_
                               : static_cast<std::uint32_t>(packets_.size()) - truth_packets_;
  }

 private:
  static constexpr std::uint32_t kNone = TimePairing::kNone;
  static constexpr std::uint32_t kIdle = 0x80000000;  // a prefix that was wanted, and is not any more

  struct Packet {
    std::int64_t timestamp_ns;
    std::uint32_t whole;     // the packet's whole length, see whole_length
    std::uint32_t captured;  // bytes of the content that count
    std::uint32_t partner;   // place of the paired packet, or kNone
    std::uint32_t prefix;    // how much of it the latest hash covers, or the next one; kIdle: none is wanted
  };

  static std::size_t index(Side side) { return side == Side::truth ? 0 : 1; }
  std::size_t place(Side side, std::uint32_t number) const {
    return side == Side::truth ? number : std::size_t{truth_packets_} + number;
  }
  std::size_t side_of(std::uint32_t packet) const { return packet < truth_packets_ ? 0 : 1; }

  void pair_groups();
  void pair_group(std::span<PairingEntry> group);
  void pair_line(std::span<PairingEntry> line);
  void join(std::uint32_t a, std::uint32_t b);
  bool is_exact(std::uint32_t packet) const;

  bool plan();

  Column<Packet> packets_;
  Column<PairingEntry> entries_;
  TimePairing times_{0};
  std::uint32_t truth_packets_ = 0;
  std::uint64_t pairs_ = 0;
  bool any_cut_ = false;
  bool planned_ = false;
  bool coarse_ = false;
  bool wanted_[2] = {false, false};
};

}  // namespace pcapml
