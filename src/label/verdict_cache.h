// SPDX-License-Identifier: Apache-2.0
#pragma once

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

  /// A key that find() has just not found.
  Verdict add(std::span<const std::uint32_t> key, const std::vector<VerdictEntry>& verdict);

 private:
  struct Slot {
    std::uint64_t hash = 0;
    std::uint32_t key = 0;      // in keys_
    std::uint32_t verdict = 0;  // number + 1; 0: empty
  };
  std::uint64_t hash_of(std::span<const std::uint32_t> key) const;
  std::size_t place(std::span<const std::uint32_t> key, std::uint64_t hash) const;
  void grow();
  void forget();

  std::size_t share_;
  std::uint64_t secret_, factor_;  // so that no capture can be made whose keys all collide
  std::vector<Slot> slots_;        // a power of two
  std::size_t size_ = 0;
  std::vector<std::uint32_t> keys_;  // each with its length before it
  std::map<std::vector<VerdictEntry>, std::uint32_t> numbers_;
  std::vector<Verdict> verdicts_;  // into numbers_, which keeps them where they are
  std::size_t entries_ = 0;        // in all verdicts
};

}  // namespace pcapml
