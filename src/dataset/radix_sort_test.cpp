// SPDX-License-Identifier: Apache-2.0
#include "dataset/radix_sort.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace pcapml {
namespace {

struct Entry {
  std::uint64_t major, minor, at;
  std::array<std::uint64_t, 3> words() const { return {major, minor, at}; }
};

TEST(RadixSort, OrdersAsComparingDoesWhateverTheBits) {
  std::mt19937_64 random(3);
  for (int round = 0; round < 300; ++round) {
    std::vector<Entry> entries(random() % 5000);
    // Numbers that have few or many bits, at any place, and some that are far from all others.
    const std::uint64_t majors = random() >> random() % 64, minors = random() >> random() % 64;
    const int major_shift = static_cast<int>(random() % 64), minor_shift = static_cast<int>(random() % 64);
    for (std::size_t i = 0; i < entries.size(); ++i) {
      const bool is_far = random() % 100 == 0;
      entries[i] = {is_far ? random() : (random() & majors) << major_shift,
                    (random() & minors) << minor_shift, i};
    }
    std::shuffle(entries.begin(), entries.end(), random);
    std::vector<Entry> wanted = entries;
    std::sort(wanted.begin(), wanted.end(),
              [](const Entry& a, const Entry& b) { return a.words() < b.words(); });
    radix_sort(std::span(entries));
    for (std::size_t i = 0; i < entries.size(); ++i) ASSERT_EQ(entries[i].words(), wanted[i].words());
  }
}

}  // namespace
}  // namespace pcapml
