// SPDX-License-Identifier: Apache-2.0
#include "dataset/pairing_entry.h"

#include <algorithm>
#include <array>
#include <utility>

namespace pcapml {
namespace {

constexpr int kDigits = 8;  // of the key, one byte each

std::size_t digit(const PairingEntry& entry, int place) { return entry.key >> (8 * place) & 0xff; }

/// Radix sort in place, the highest digit first ("American flag").
void sort_from(std::span<PairingEntry> entries, int place) {
  constexpr std::size_t kFew = 64;
  if (entries.size() <= kFew || place < 0) {
    std::sort(entries.begin(), entries.end());
    return;
  }
  std::array<std::size_t, 256> next{}, end{};
  for (const PairingEntry& entry : entries) ++end[digit(entry, place)];
  if (end[digit(entries[0], place)] == entries.size()) return sort_from(entries, place - 1);
  std::size_t sum = 0;
  for (std::size_t d = 0; d < end.size(); ++d) {
    next[d] = sum;
    sum += end[d];
    end[d] = sum;
  }
  for (std::size_t d = 0; d < end.size(); ++d) {
    while (next[d] < end[d]) {
      PairingEntry entry = entries[next[d]];
      for (std::size_t home = digit(entry, place); home != d; home = digit(entry, place))
        std::swap(entry, entries[next[home]++]);
      entries[next[d]++] = entry;
    }
  }
  std::size_t begin = 0;
  for (const std::size_t e : end) {
    sort_from(entries.subspan(begin, e - begin), place - 1);
    begin = e;
  }
}

}  // namespace

void sort_entries(std::span<PairingEntry> entries) { sort_from(entries, kDigits - 1); }

}  // namespace pcapml
