// SPDX-License-Identifier: Apache-2.0
#include "label/verdict_cache.h"

#include <algorithm>
#include <bit>

#include "net/keyed_hash.h"
#include "net/mix.h"

namespace pcapml {
namespace {

constexpr std::size_t kFirstSlots = 256;
// These are in the processor's own cache, which is best for flows that come and go, of which there may be any
// number.
constexpr std::size_t kFewSlots = std::size_t{1} << 14;   // 1 MiB
constexpr std::size_t kMostSlots = std::size_t{1} << 17;  // 8 MiB
/// So often few slots are tried again before it is seen whether all flows fit into more.
constexpr unsigned kTrials = 64;
/// Verdicts found again so often in the mean are worth more slots.
constexpr std::size_t kManyHits = 4;
constexpr std::size_t kMostLongKeyWords = std::size_t{1} << 22;  // 16 MiB
constexpr std::size_t kMostEntries = std::size_t{1} << 22;       // 32 MiB
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

bool VerdictCache::has(const Slot& slot, std::span<const std::uint32_t> key) const {
  if (slot.size != key.size()) return false;
  const bool is_long = key.size() > slot.key.size();
  return std::equal(key.begin(), key.end(), is_long ? &long_keys_[slot.key[0]] : slot.key.data());
}

const VerdictCache::Verdict* VerdictCache::find(std::span<const std::uint32_t> key) {
  missed_ = hash_of(key);
  if (slots_.empty()) return nullptr;
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = missed_ & mask; slots_[at].epoch == epoch_; at = (at + 1) & mask)
    if (slots_[at].hash == missed_ && has(slots_[at], key)) {
      ++hits_;
      return &verdicts_[slots_[at].verdict];
    }
  return nullptr;
}

VerdictCache::Verdict VerdictCache::add(std::span<const std::uint32_t> key,
                                        const std::vector<VerdictEntry>& verdict) {
  if (size_ >= slots_.size() / 4 * 3) make_room();
  if (long_keys_.size() + key.size() >= kMostLongKeyWords / share_) forget();
  if (entries_ + verdict.size() >= kMostEntries / share_) {
    forget();
    forget_verdicts();
  }
  const auto [known, is_new] = numbers_.try_emplace(verdict, static_cast<std::uint32_t>(verdicts_.size()));
  if (is_new) {
    verdicts_.emplace_back(known->first);
    entries_ += verdict.size();
  }
  Slot& slot = slots_[free_slot(missed_)];
  slot.hash = missed_;
  slot.verdict = known->second;
  slot.epoch = epoch_;
  slot.size = static_cast<std::uint16_t>(key.size());
  if (key.size() > slot.key.size()) {
    slot.key[0] = static_cast<std::uint32_t>(long_keys_.size());
    long_keys_.insert(long_keys_.end(), key.begin(), key.end());
  } else {
    std::copy(key.begin(), key.end(), slot.key.begin());
  }
  ++size_;
  return verdicts_[known->second];
}

std::size_t VerdictCache::free_slot(std::uint64_t hash) const {
  std::size_t at = hash & (slots_.size() - 1);
  while (slots_[at].epoch == epoch_) at = (at + 1) & (slots_.size() - 1);
  return at;
}

void VerdictCache::make_room() {
  const std::size_t few = std::min(kFewSlots, kMostSlots / share_);
  const bool is_worth_more = hits_ >= kManyHits * size_ || slots_.size() > few || trials_ >= kTrials;
  if (slots_.size() < few || (is_worth_more && slots_.size() < kMostSlots / share_)) {
    resize(slots_.empty() ? std::min(kFirstSlots, few) : slots_.size() * 2);
    return;
  }
  ++trials_;
  if (slots_.size() > few && hits_ < kManyHits * size_) {
    trials_ = 0;
    slots_.resize(few);
  }
  forget();
}

void VerdictCache::resize(std::size_t count) {
  std::vector<Slot> old(count);
  old.swap(slots_);
  for (const Slot& slot : old)
    if (slot.epoch == epoch_) slots_[free_slot(slot.hash)] = slot;
}

/// Keeps the slots' memory, and does not touch it.
void VerdictCache::forget() {
  size_ = hits_ = 0;
  long_keys_.clear();
  if (++epoch_ != 0) return;
  epoch_ = 1;
  for (Slot& slot : slots_) slot.epoch = 0;
}

void VerdictCache::forget_verdicts() {
  verdicts_.clear();
  numbers_.clear();
  entries_ = 0;
}

}  // namespace pcapml
