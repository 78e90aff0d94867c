// SPDX-License-Identifier: Apache-2.0
#include "label/verdict_cache.h"

#include <algorithm>
#include <bit>

#include "net/keyed_hash.h"
#include "net/mix.h"

namespace pcapml {
namespace {

constexpr std::size_t kFirstSlots = 256;
// More would seldom be in the processor's cache, and short flows fill any number.
constexpr std::size_t kMostSlots = std::size_t{1} << 17;     // 2 MiB
constexpr std::size_t kMostKeyWords = std::size_t{1} << 22;  // 16 MiB
constexpr std::size_t kMostEntries = std::size_t{1} << 22;   // 32 MiB
constexpr std::size_t kMostShares = kMostSlots / kFirstSlots;

}  // namespace

VerdictCache::VerdictCache(std::size_t share)
    : share_(std::min(std::bit_ceil(share), kMostShares)),
      secret_(keyed_hash(std::uint64_t{0})),
      factor_(keyed_hash(std::uint64_t{1})) {}

std::uint64_t VerdictCache::hash_of(std::span<const std::uint32_t> key) const {
  std::uint64_t hash = secret_;
  std::size_t i = 0;
  for (; i + 1 < key.size(); i += 2) hash = mix(hash ^ (std::uint64_t{key[i]} << 32 | key[i + 1]), factor_);
  return i == key.size() ? hash : mix(hash ^ key[i], factor_);
}

std::size_t VerdictCache::place(std::span<const std::uint32_t> key, std::uint64_t hash) const {
  const auto is_equal = [&](const Slot& slot) {
    if (slot.hash != hash || keys_[slot.key] != key.size()) return false;
    for (std::size_t i = 0; i < key.size(); ++i)
      if (keys_[slot.key + 1 + i] != key[i]) return false;
    return true;
  };
  std::size_t at = hash & (slots_.size() - 1);
  while (slots_[at].verdict != 0 && !is_equal(slots_[at])) at = (at + 1) & (slots_.size() - 1);
  return at;
}

const VerdictCache::Verdict* VerdictCache::find(std::span<const std::uint32_t> key) {
  if (slots_.empty()) return nullptr;
  const Slot& slot = slots_[place(key, hash_of(key))];
  return slot.verdict == 0 ? nullptr : &verdicts_[slot.verdict - 1];
}

VerdictCache::Verdict VerdictCache::add(std::span<const std::uint32_t> key,
                                        const std::vector<VerdictEntry>& verdict) {
  if (size_ >= kMostSlots / share_ / 4 * 3 || keys_.size() + key.size() >= kMostKeyWords / share_ ||
      entries_ + verdict.size() >= kMostEntries / share_)
    forget();
  if (size_ >= slots_.size() / 4 * 3) grow();
  const auto [known, is_new] = numbers_.try_emplace(verdict, static_cast<std::uint32_t>(verdicts_.size()));
  if (is_new) {
    verdicts_.emplace_back(known->first);
    entries_ += verdict.size();
  }
  const std::uint64_t hash = hash_of(key);
  slots_[place(key, hash)] = {hash, static_cast<std::uint32_t>(keys_.size()), known->second + 1};
  keys_.push_back(static_cast<std::uint32_t>(key.size()));
  keys_.insert(keys_.end(), key.begin(), key.end());
  ++size_;
  return verdicts_[known->second];
}

void VerdictCache::grow() {
  std::vector<Slot> old(slots_.empty() ? kFirstSlots : slots_.size() * 2);
  old.swap(slots_);
  for (const Slot& slot : old) {
    if (slot.verdict == 0) continue;
    std::size_t at = slot.hash & (slots_.size() - 1);
    while (slots_[at].verdict != 0) at = (at + 1) & (slots_.size() - 1);
    slots_[at] = slot;
  }
}

void VerdictCache::forget() { *this = VerdictCache(share_); }

}  // namespace pcapml
