// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

namespace pcapml {

/// Rules with an equal filter that may match a packet.
struct VerdictEntry {
  std::uint32_t group = 0;
  bool is_sure = true;  ///< false: the filter has to be asked for each packet

  auto operator<=>(const VerdictEntry&) const = default;
};

/// Remembers verdicts by key, in bounded memory: when it is full it forgets all. Not thread-safe.
class VerdictCache {
 public:
  /// `share`: so many caches share the memory of one.
  explicit VerdictCache(std::size_t share = 1);

  using Verdict = std::span<const VerdictEntry>;

  /// nullptr where the key is not known. The verdict lives until the next add().
  const Verdict* find(std::span<const std::uint32_t> key);

  /// The key that find() has just not found.
  Verdict add(std::span<const std::uint32_t> key, const std::vector<VerdictEntry>& verdict);

 private:
  /// What a look-up needs of most keys is in one line of the processor's cache.
  struct alignas(64) Slot {
    std::uint64_t hash = 0;
    std::uint32_t verdict = 0;
    std::uint16_t epoch = 0;              // empty, unless this is the cache's
    std::uint16_t size = 0;               // of the key
    std::array<std::uint32_t, 12> key{};  // of a longer one: where it begins in long_keys_
  };
  std::uint64_t hash_of(std::span<const std::uint32_t> key) const;
  bool has(const Slot& slot, std::span<const std::uint32_t> key) const;
  std::size_t free_slot(std::uint64_t hash) const;
  void make_room();
  void resize(std::size_t count);
  void forget();
  void forget_verdicts();

  std::size_t share_;
  std::uint64_t secret_, factor_;  // so that no capture can be made whose keys all collide
  std::vector<Slot> slots_;        // a power of two
  std::size_t size_ = 0;           // filled ones
  std::size_t hits_ = 0;           // since all was forgotten
  unsigned trials_ = 0;            // how often few slots were too few
  std::uint16_t epoch_ = 1;
  std::uint64_t missed_ = 0;  // hash that find() has just not found
  std::vector<std::uint32_t> long_keys_;
  std::map<std::vector<VerdictEntry>, std::uint32_t> numbers_;
  std::vector<Verdict> verdicts_;  // into numbers_, which keeps them where they are
  std::size_t entries_ = 0;        // in all verdicts
};

}  // namespace pcapml
