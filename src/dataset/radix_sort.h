// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace pcapml {

/// Sorts in place by three numbers, one after the other; no two entries have all three in common. Entries go
/// to 256 places by the highest bits in which they differ, then those of each place (McIlroy, Bostic and
/// McIlroy, "Engineering Radix Sort", 1993). An Entry has `words()`.
template <class Entry>
void radix_sort(std::span<Entry> entries) {
  constexpr std::size_t kFew = 48;
  constexpr int kDigitBits = 8;
  using Words = std::array<std::uint64_t, 3>;

  if (entries.size() <= kFew)
    return std::sort(entries.begin(), entries.end(),
                     [](const Entry& a, const Entry& b) { return a.words() < b.words(); });
  const Words first = entries.front().words();
  Words differ{};
  for (const Entry& entry : entries) {
    const Words words = entry.words();
    for (std::size_t i = 0; i < words.size(); ++i) differ[i] |= words[i] ^ first[i];
  }
  const auto at = std::find_if(differ.begin(), differ.end(), [](std::uint64_t bits) { return bits != 0; });
  if (at == differ.end()) return;
  const auto word = static_cast<std::size_t>(at - differ.begin());
  const int shift = std::max(64 - std::countl_zero(*at) - kDigitBits, 0);
  const auto digit = [word, shift](const Entry& entry) {
    return static_cast<std::size_t>(entry.words()[word] >> shift & ((1U << kDigitBits) - 1));
  };

  std::array<std::size_t, 1U << kDigitBits> counts{}, next{}, ends{};
  for (const Entry& entry : entries) ++counts[digit(entry)];
  std::size_t total = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    next[i] = total;
    total += counts[i];
    ends[i] = total;
  }
  for (std::size_t i = 0; i < counts.size(); ++i) {
    while (next[i] < ends[i]) {
      Entry entry = entries[next[i]];
      for (std::size_t to = digit(entry); to != i; to = digit(entry)) std::swap(entry, entries[next[to]++]);
      entries[next[i]++] = entry;
    }
  }
  for (std::size_t i = 0; i < counts.size(); ++i)
    if (counts[i] > 1) radix_sort(entries.subspan(ends[i] - counts[i], counts[i]));
}

}  // namespace pcapml
