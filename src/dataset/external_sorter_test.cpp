// SPDX-License-Identifier: Apache-2.0
#include "dataset/external_sorter.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <random>
#include <tuple>

#include "pcapml/label.h"

namespace pcapml {
namespace {

struct Item {
  std::uint64_t major, minor;
  std::string text, content;
};

class ExternalSort : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "sorter-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
  }
  void TearDown() override {
    EXPECT_TRUE(std::filesystem::is_empty(directory_));
    std::filesystem::remove_all(directory_);
  }

  std::uint64_t below(std::uint64_t n) { return random_() % n; }

  std::vector<Item> items(std::size_t count, std::uint64_t majors, std::uint64_t minors,
                          std::size_t longest) {
    std::vector<Item> made;
    for (std::size_t i = 0; i < count; ++i) {
      Item item{below(majors), below(minors), "", std::string(below(longest), static_cast<char>(i))};
      if (below(5) == 0) {
        item.major = SortKey::kByText;
        item.text = std::string(20 + below(2), '1') + std::to_string(below(30));
      }
      if (below(7) == 0) item.major = ~std::uint64_t{0} - below(3) * 2;
      if (item.major != SortKey::kByText) item.text.clear();
      if (below(500) == 0) item.content.resize(below(200'000), 'x');
      made.push_back(std::move(item));
    }
    return made;
  }

  void check(std::vector<Item> items, std::size_t memory_bytes) {
    ExternalSorter sorter(memory_bytes, directory_.string());
    for (const Item& item : items) {
      std::byte* at = sorter.add({item.major, item.minor, item.text}, item.content.size());
      std::copy_n(as_bytes(item.content).data(), item.content.size(), at);
      if (&item == &items[items.size() / 4]) sorter.expect(memory_bytes);
    }
    std::stable_sort(items.begin(), items.end(), [](const Item& a, const Item& b) {
      const int text = compare_sample_ids(a.text, b.text);
      return std::tuple(a.major, text, a.minor) < std::tuple(b.major, 0, b.minor);
    });
    for (const Item& item : items) {
      const ExternalSorter::Record* record = sorter.next();
      ASSERT_NE(record, nullptr);
      ASSERT_EQ(record->key.major, item.major);
      ASSERT_EQ(record->key.minor, item.minor);
      ASSERT_EQ(record->key.text, item.text);
      ASSERT_EQ(as_text(record->content), item.content);
    }
    EXPECT_EQ(sorter.next(), nullptr);
  }

  std::filesystem::path directory_;
  std::mt19937_64 random_{8};
};

TEST_F(ExternalSort, IsAStableSortInAnyMemory) {
  for (int round = 0; round < 60; ++round) {
    const std::size_t memory = std::size_t{1} << below(24);
    check(items(below(4000), 1 + below(50), 1 + below(20), 1 + below(300)), memory);
  }
}

TEST_F(ExternalSort, MergesMoreRunsThanItCanReadAtOnce) { check(items(20'000, 1000, 3, 40), 20'000); }

TEST_F(ExternalSort, KeepsTheOrderOfEqualKeys) {
  check(items(30'000, 1, 1, 10), 100'000);
  check(items(30'000, 1, 1, 10), 1'000);
}

TEST_F(ExternalSort, TakesNoFileForWhatFits) {
  ExternalSorter sorter(1'000'000, "/nonexistent");
  for (std::uint64_t i = 0; i < 1000; ++i) *sorter.add({1000 - i, 0}, 1) = std::byte{1};
  EXPECT_EQ(sorter.next()->key.major, 1);
  EXPECT_FALSE(sorter.has_spilled());
}

TEST_F(ExternalSort, NothingIsSortedToNothing) {
  ExternalSorter sorter(1, directory_.string());
  EXPECT_EQ(sorter.next(), nullptr);
}

TEST_F(ExternalSort, TakesARecordThatIsLargerThanTheMemory) {
  std::vector<Item> items;
  for (std::uint64_t i = 0; i < 9; ++i)
    items.push_back({9 - i, 0, "", std::string(i % 3 == 0 ? 3'000'000 : 10, static_cast<char>('a' + i))});
  check(std::move(items), 50'000);
}

}  // namespace
}  // namespace pcapml
