// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace pcapml {

/// At which lengths the unpaired packets of one whole length were cut, and which of them can still be paired
/// by what both hold: the next step of PacketPairing. Memory grows by length.
class CutPlan {
 public:
  void clear() { cuts_.clear(); }
  /// Each packet, from the shortest cut to the longest, in one cut in their order. `prefix` is how much of it
  /// was tried before.
  void add(std::uint32_t captured, std::size_t side, std::uint64_t place, std::uint32_t prefix);

  /// Where packets were cut at very many lengths, lets similar ones count as the shortest of them. Frequent
  /// lengths, as a snap length makes them, stay as they are. False where nothing changed.
  bool coarsen();
  /// What a cut counts as now.
  std::uint32_t coarse(std::uint32_t captured) const;

  /// Finds the longest cut at which packets can still be paired. Once that was tried, it is over: less and
  /// less is left to be paired. `is_coarse`: packets of one cut may differ in length.
  void decide(bool is_coarse);
  /// How much of each wanted packet is to be hashed; nullopt where none is wanted.
  std::optional<std::uint32_t> prefix() const { return prefix_; }
  /// Whether a packet is wanted, by what its cut counts as.
  bool wants(std::size_t side, std::uint32_t captured) const {
    if (!prefix_ || captured < *prefix_) return false;
    return captured == *prefix_ ? wants_cut_[side] : wants_longer_[side];
  }

 private:
  struct Cut {
    std::uint32_t original;
    std::uint32_t captured;
    std::uint64_t count[2];
    std::uint64_t first_place, last_place;
    std::uint32_t first_prefix, last_prefix;
  };

  std::vector<Cut> cuts_;
  std::optional<std::uint32_t> prefix_;
  bool wants_cut_[2] = {false, false};
  bool wants_longer_[2] = {false, false};
};

}  // namespace pcapml
