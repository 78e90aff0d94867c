// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "dataset/long_line.h"

namespace pcapml {

/// Packets that are equal as far as their hash goes, more of them than memory holds. Pairs them as
/// ExternalPairing does those of a short group.
class LongGroup {
 public:
  LongGroup(std::size_t memory_bytes, const std::string& directory);

  void add(const PairingRecord& record);
  /// Calls `join` for each pair and `leave` for each packet that is in none.
  void pair(const LongLine::Join& join, const LongLine::Leave& leave);

 private:
  std::size_t part_bytes_;
  std::string directory_;
  LongLine exact_;  // those that were cut where the hash ends
  RecordSpool<PairingRecord> longer_, left_;
};

}  // namespace pcapml
