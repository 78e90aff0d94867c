// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "dataset/pairing_entry.h"

namespace pcapml {

/// Pairs packets of two captures that nothing but their times tells apart.
///
/// As many on both sides: the i-th with the i-th in the order of times. Otherwise the pair with the smallest
/// difference of times comes first, then the next of what is left. Ties go to the packet of the truth that
/// comes first in its file, then to that of the test. O(n log n), 12 bytes for each packet; storage is kept
/// from call to call.
class TimePairing {
 public:
  static constexpr std::uint32_t kNone = 0xffffffff;

  /// Numbers below `truth_packets` are the truth's packets, all others the test's.
  explicit TimePairing(std::uint32_t truth_packets) : truth_packets_(truth_packets) {}

  /// `line` holds for each packet its time as key (see time_key) and its number in the order of its file.
  /// Sorts it, and sets each `more` to the partner's number or to kNone.
  void pair(std::span<PairingEntry> line);

  /// Unsigned numbers in the order of times.
  static std::uint64_t time_key(std::int64_t timestamp_ns) {
    return static_cast<std::uint64_t>(timestamp_ns) ^ std::uint64_t{1} << 63;
  }

 private:
  bool in_truth(const PairingEntry& entry) const { return entry.packet < truth_packets_; }
  void join(std::size_t a, std::size_t b);
  void pair_in_order(std::size_t truth_count);
  void pair_equal_times();
  void pair_nearest();

  void build_list();
  void build_tree();
  bool is_edge(std::uint32_t left) const;
  bool is_nearer(std::uint32_t a, std::uint32_t b) const;
  std::uint32_t winner(std::size_t node) const;
  void update(std::uint32_t left);
  void advance(std::uint32_t place);

  std::uint32_t truth_packets_;
  std::span<PairingEntry> line_;
  // A list of places in the line: the first packet that is left of each time, from the earliest to the
  // latest.
  std::vector<std::uint32_t> next_, previous_;
  // For each inner node of a binary tree over the places, the place with the nearest pair below it.
  std::vector<std::uint32_t> tree_;
};

}  // namespace pcapml
