// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <utility>

#include "net/open_table.h"

namespace pcapml {

/// A hash table of bounded size: what was not used for longest goes first. Entries live in two generations,
/// and the older one goes as a whole when the younger one is full. Not thread-safe.
template <class Key, class Value>
class AgingTable {
 public:
  /// Holds the `max_entries` / 2 entries used last, at least, and at most `max_entries`.
  explicit AgingTable(std::size_t max_entries) : max_young_(max_entries / 2 + 1) {}

  struct Found {
    Value& value;  ///< dies at the next call
    bool added;
  };

  Found find_or_add(const Key& key) {
    const std::uint64_t hash = keyed_hash(key);
    if (young_.size() >= max_young_) age();
    auto [value, added] = young_.find_or_add(key, hash);
    if (!added) return {value, false};
    const Value* old = old_.find(key);
    if (old == nullptr) return {value, true};
    value = *old;
    ++promoted_;
    return {value, false};
  }

  const Value* find(const Key& key) const {
    const Value* found = young_.find(key);
    return found != nullptr ? found : old_.find(key);
  }

  /// Calls visit(key, value) once for each entry, in no order.
  template <class Visit>
  void for_each(Visit visit) const {
    young_.for_each(visit);
    old_.for_each([&](const Key& key, const Value& value) {
      if (young_.find(key) == nullptr) visit(key, value);
    });
  }

  /// Entries that went because the table was full.
  std::uint64_t forgotten() const { return forgotten_; }

 private:
  void age() {
    forgotten_ += old_.size() - promoted_;
    promoted_ = 0;
    old_ = std::exchange(young_, {});
  }

  OpenTable<Key, Value> young_, old_;
  std::size_t max_young_;
  std::uint64_t promoted_ = 0;  // entries of old_ that young_ has, too
  std::uint64_t forgotten_ = 0;
};

}  // namespace pcapml
