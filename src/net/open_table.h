// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "net/keyed_hash.h"
#include "net/large_pages.h"

namespace pcapml {

/// A hash table without a node for each entry: open addressing, linear probing, at most three quarters full.
/// Takes 1.4 to 2.7 slots for each key. Keys and values are copied and have to be cheap to copy; entries
/// have no order and are never removed. Not thread-safe.
template <class Key, class Value>
class OpenTable {
 public:
  struct Found {
    Value& value;  ///< dies at the next find_or_add
    bool added;
  };

  /// The entry of a key; a new one has Value{}.
  Found find_or_add(const Key& key) { return find_or_add(key, keyed_hash(key)); }

  /// The same, where the key's hash is known already.
  Found find_or_add(const Key& key, std::uint64_t hash) {
    if (size_ >= limit_) grow();
    Slot& slot = slots_[index_of(key, hash)];
    if (slot.tag != kEmpty) return {slot.value, false};
    slot.tag = tag_of(hash);
    slot.key = key;
    ++size_;
    return {slot.value, true};
  }

  /// nullptr where the key was never added.
  const Value* find(const Key& key) const {
    if (slots_.empty()) return nullptr;
    const Slot& slot = slots_[index_of(key, keyed_hash(key))];
    return slot.tag == kEmpty ? nullptr : &slot.value;
  }

  /// Fetches from memory what a look-up of this hash will need, without waiting for it.
  void prefetch(std::uint64_t hash) const {
    if (slots_.empty()) return;
    const auto* slot = reinterpret_cast<const char*>(&slots_[hash & (slots_.size() - 1)]);
    __builtin_prefetch(slot);
    __builtin_prefetch(slot + sizeof(Slot) - 1);
  }

  std::size_t size() const { return size_; }

  /// Calls visit(key, value) for each entry, in no order.
  template <class Visit>
  void for_each(Visit visit) const {
    for (const Slot& slot : slots_)
      if (slot.tag != kEmpty) visit(slot.key, slot.value);
  }
  /// The same with values that may be changed.
  template <class Visit>
  void for_each(Visit visit) {
    for (Slot& slot : slots_)
      if (slot.tag != kEmpty) visit(slot.key, slot.value);
  }

 private:
  static constexpr std::uint32_t kEmpty = 0;
  static constexpr std::size_t kFirstSlots = 64;

  struct Slot {
    std::uint32_t tag = kEmpty;  // tells most keys apart without reading them
    Key key{};
    Value value{};
  };

  static std::uint32_t tag_of(std::uint64_t hash) { return static_cast<std::uint32_t>(hash >> 32) | 1; }

  /// The slot that holds the key, or the empty one where it belongs.
  std::size_t index_of(const Key& key, std::uint64_t hash) const {
    const std::size_t mask = slots_.size() - 1;
    const std::uint32_t tag = tag_of(hash);
    std::size_t index = hash & mask;
    while (slots_[index].tag != kEmpty && !(slots_[index].tag == tag && slots_[index].key == key))
      index = (index + 1) & mask;
    return index;
  }

  void grow() {
    std::vector<Slot, LargePages<Slot>> old(slots_.empty() ? kFirstSlots : slots_.size() * 2);
    old.swap(slots_);
    limit_ = slots_.size() / 4 * 3;
    for (const Slot& slot : old)
      if (slot.tag != kEmpty) slots_[index_of(slot.key, keyed_hash(slot.key))] = slot;
  }

  std::vector<Slot, LargePages<Slot>> slots_;  // a power of two
  std::size_t size_ = 0;
  std::size_t limit_ = 0;
};

}  // namespace pcapml
