// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dataset/cut_plan.h"
#include "dataset/long_group.h"
#include "dataset/packet_pairing.h"
#include "dataset/pairing_record.h"
#include "dataset/record_sorter.h"

namespace pcapml {

/// Does for any number of packets what PacketPairing does for those that memory holds: the same pairs, found
/// by sorting records of 56 bytes in temporary files. Only runs of equal packets and lists of lengths are
/// held.
///
/// Usage: add() every packet, the truth's first; then, as long as pair() says so, show each packet that
/// wanted() names, the truth's first, in the order of the files. Not thread-safe.
class ExternalPairing {
 public:
  using Side = PacketPairing::Side;
  struct Results {
    std::function<void(const PairingRecord& truth, const PairingRecord& test)> pair;
    std::function<void(const PairingRecord&)> alone;  ///< in no pair
  };

  ExternalPairing(std::size_t memory_bytes, const std::string& directory, Results results);

  /// `record` needs no prefix; `hash` is that of all that was captured.
  void add(PairingRecord record, std::uint64_t hash_key, std::uint32_t hash_more, bool is_complete);

  /// Pairs what can be paired by what was shown. True where more can, after another look at wanted packets;
  /// otherwise all results were given.
  bool pair();

  /// The packet that is to be shown next; nullptr where none is left.
  const PairingRecord* wanted() const { return wanted_ ? &*wanted_ : nullptr; }
  void show(std::uint64_t hash_key, std::uint32_t hash_more);

 private:
  using Sorter = RecordSorter<PairingRecord>;

  std::unique_ptr<Sorter> new_sorter() const { return std::make_unique<Sorter>(unit_bytes_, directory_); }
  void pair_groups();
  void pair_group(const std::vector<PairingRecord>& group);
  void leave(const PairingRecord& record);
  bool plan();
  void plan_length(RecordSpool<PairingRecord>& records);
  void next_wanted();

  std::size_t unit_bytes_;  // of one sorter; there are few at a time
  std::string directory_;
  Results results_;
  TimePairing times_{0};
  CutPlan cuts_;
  std::unique_ptr<Sorter> shown_;     // by hash
  std::unique_ptr<Sorter> unpaired_;  // by whole length and cut
  std::unique_ptr<Sorter> to_show_;   // by place
  std::optional<PairingRecord> wanted_;
  std::vector<PairingEntry> line_;  // of a group
  std::vector<bool> is_paired_;     // of a group
  bool any_wanted_ = false;
  bool any_cut_ = false;
  bool planned_ = false;
  bool coarse_ = false;
};

}  // namespace pcapml
