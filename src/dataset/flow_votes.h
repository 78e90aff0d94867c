// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "dataset/confusion.h"

namespace pcapml {

/// The flow of a packet that belongs to none.
inline constexpr std::uint32_t kNoFlow = 0xffffffff;

/// One election after the other; the cost of each is that of its votes.
class Election {
 public:
  explicit Election(std::uint32_t labels) : votes_(labels) {}

  void vote(std::uint32_t label) {
    if (votes_[label]++ == 0) seen_.push_back(label);
  }
  bool is_open() const { return !seen_.empty(); }
  /// The label of most votes, of those the one that came first; after at least one vote.
  std::uint32_t close();

 private:
  std::vector<std::uint64_t> votes_;  // by label
  std::vector<std::uint32_t> seen_;   // in the order of their first votes
};

/// Gives each flow the label of most of its packets, in the truth and in the test; ties go to the label that
/// comes first. Packets without a label in the truth have no vote.
///
/// `flows`, `truth` and `predicted` hold one number for each packet of the truth. Returns the number of flows
/// without any vote. Memory: 4 bytes for each packet and each flow.
std::uint64_t count_flows(std::span<const std::uint32_t> flows, std::span<const std::uint32_t> truth,
                          std::span<const std::uint32_t> predicted, std::uint32_t flow_count,
                          std::uint32_t label_count, ConfusionCounter& into);

}  // namespace pcapml
