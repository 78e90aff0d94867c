// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "net/open_table.h"

namespace pcapml {

/// Counts distinct keys, overall and in each group that they occur in.
///
/// A large table answers from memory, which takes longer than all else that is done for a packet. So a key
/// waits until its slot has arrived while others are worked on, and counts are whole only after settle().
/// Not thread-safe.
template <class Key>
class DistinctCount {
 public:
  void add(const Key& key, std::uint32_t group) {
    if (group == last_group_ && key == last_key_ && any_) return;
    any_ = true;
    last_key_ = key;
    last_group_ = group;
    Waiting& place = waiting_[next_];
    next_ = (next_ + 1) % waiting_.size();
    if (place.used) count(place);
    place = {key, keyed_hash(key), group, true};
    keys_.prefetch(place.hash);
  }

  void settle() {
    for (Waiting& waiting : waiting_)
      if (waiting.used) count(waiting);
    waiting_ = {};
  }

  /// Over all groups.
  std::uint64_t size() const { return keys_.size(); }
  std::uint64_t size(std::uint32_t group) const { return group < in_group_.size() ? in_group_[group] : 0; }

 private:
  struct Entry {
    std::uint32_t number;
    std::uint32_t first_group;
  };
  struct Nothing {};
  struct Waiting {
    Key key{};
    std::uint64_t hash = 0;
    std::uint32_t group = 0;
    bool used = false;
  };

  void count(const Waiting& waiting) {
    const std::uint32_t group = waiting.group;
    const auto [entry, added] = keys_.find_or_add(waiting.key, waiting.hash);
    if (added) {
      entry = {static_cast<std::uint32_t>(keys_.size()), group};
    } else if (entry.first_group == group ||
               !further_.find_or_add(std::uint64_t{entry.number} << 32 | group).added) {
      return;
    }
    if (group >= in_group_.size()) in_group_.resize(group + std::size_t{1});
    ++in_group_[group];
  }

  OpenTable<Key, Entry> keys_;
  OpenTable<std::uint64_t, Nothing> further_;  // number of the key, and a group that is not its first
  std::vector<std::uint64_t> in_group_;
  std::array<Waiting, 16> waiting_{};
  std::size_t next_ = 0;
  Key last_key_{};  // packets of one flow often follow each other
  std::uint32_t last_group_ = 0;
  bool any_ = false;
};

}  // namespace pcapml
