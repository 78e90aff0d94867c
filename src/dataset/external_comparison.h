// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "dataset/confusion.h"
#include "dataset/external_pairing.h"

namespace pcapml {

/// Pairs and counts what compare() read, where memory does not hold it. Memory grows by label and by cell of
/// the matrices alone. Not thread-safe.
class ExternalComparison {
 public:
  ExternalComparison(std::size_t memory_bytes, const std::string& directory);

  /// `record` has label and flow, but no prefix.
  void add(const PairingRecord& record, std::uint64_t hash_key, std::uint32_t hash_more, bool is_complete) {
    pairing_.add(record, hash_key, hash_more, is_complete);
  }
  ExternalPairing& pairing() { return pairing_; }

  std::uint64_t pairs() const { return pairs_; }
  /// After the last pair(): the matrix of packets.
  ConfusionCounter& packets() { return packets_; }
  /// The same for flows, once, as count_flows(); gives the number of flows without any vote.
  std::uint64_t count_flows(std::uint32_t label_count, ConfusionCounter& into);

 private:
  struct Vote {
    std::uint64_t flow_high;
    std::uint32_t truth, predicted;
  };

  void count(const PairingRecord& truth, std::uint32_t predicted);

  ExternalPairing pairing_;
  RecordSorter<Vote> votes_;  // by the sum of the flow's hashes, then number
  ConfusionCounter packets_;
  std::uint64_t pairs_ = 0;
};

}  // namespace pcapml
