// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <tuple>

namespace pcapml {

/// A packet among others that are sorted to find which belong together. What key and more mean is up to the
/// step of the work: there is room for one meaning at a time only, because there are as many as packets.
struct PairingEntry {
  std::uint64_t key;
  std::uint32_t more;
  std::uint32_t packet;

  bool operator<(const PairingEntry& other) const {
    return std::tie(key, more, packet) < std::tie(other.key, other.more, other.packet);
  }
};
static_assert(sizeof(PairingEntry) == 16);

/// Sorts by key, more, packet; in place, and fast where keys are hashes.
void sort_entries(std::span<PairingEntry> entries);

}  // namespace pcapml
