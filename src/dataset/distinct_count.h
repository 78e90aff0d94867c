// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "dataset/open_table.h"

namespace pcapml {

/// Counts distinct keys over all groups, and finds those that are new in one. Most keys occur in one group
/// only, which costs one look-up; the others cost two. Not thread-safe.
template <class Key>
class DistinctCount {
 public:
  /// True where the key is new in this group.
  bool add(const Key& key, std::uint32_t group) {
    const auto [entry, added] = keys_.find_or_add(key);
    if (added) {
      entry = {static_cast<std::uint32_t>(keys_.size()), group};
      return true;
    }
    if (entry.first_group == group) return false;
    return further_.find_or_add(std::uint64_t{entry.number} << 32 | group).added;
  }

  std::uint64_t size() const { return keys_.size(); }

 private:
  struct Entry {
    std::uint32_t number;
    std::uint32_t first_group;
  };
  struct Nothing {};

  OpenTable<Key, Entry> keys_;
  OpenTable<std::uint64_t, Nothing> further_;  // key's number and group
};

}  // namespace pcapml
