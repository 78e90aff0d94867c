// SPDX-License-Identifier: Apache-2.0
#include "dataset/gather.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <limits>
#include <random>
#include <string>

#include "build_capture.h"
#include "pcapml/error.h"

namespace pcapml {
namespace {

/// Two captures in a directory of their own, with packets of very different sizes; large enough for all
/// readers.
class Gather : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "gather-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
    for (std::uint32_t input = 0; input < 2; ++input) {
      test::Builder builder;
      builder.section().interface();
      for (int i = 0; i < 9000; ++i)
        builder.enhanced(0, random_() % 1'000'000, std::string(size(), static_cast<char>(random_())));
      const std::string path = directory_ / std::to_string(input);
      std::ofstream(path, std::ios::binary)
          .write(as_text(builder.bytes()).data(), static_cast<std::streamsize>(builder.bytes().size()));
      inputs_.push_back(std::make_unique<IndexedCapture>(path, InputOptions{}, directory_.string()));
      inputs_.back()->index(entries_, input);
    }
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::size_t size() { return random_() % 500 == 0 ? random_() % 600'000 : random_() % 1500; }

  std::span<const IndexEntry> wanted() const {
    return entries_.all().first(std::min(count_, entries_.size()));
  }

  void check(std::size_t memory_bytes) {
    std::size_t next = 0;
    std::vector<std::byte> expected;
    gather(
        wanted(), inputs_,
        [&](const IndexEntry& entry, Bytes bytes) {
          ASSERT_EQ(&entry, &entries_[next++]);
          expected.resize(entry.size);
          inputs_[entry.input]->access().read_at(entry.offset, expected);
          ASSERT_TRUE(std::equal(bytes.begin(), bytes.end(), expected.begin(), expected.end()));
        },
        memory_bytes);
    EXPECT_EQ(next, wanted().size());
  }

  std::size_t count_ = std::numeric_limits<std::size_t>::max();
  std::minstd_rand random_{7};
  std::filesystem::path directory_;
  std::vector<std::unique_ptr<IndexedCapture>> inputs_;
  Column<IndexEntry> entries_;
};

TEST_F(Gather, GivesEachPacketOfAShuffledIndexInAnyMemory) {
  std::shuffle(entries_.all().begin(), entries_.all().end(), random_);
  for (const std::size_t memory : {std::size_t{1'000'000}, std::size_t{7'000'000}, kGatherBytes})
    check(memory);
}

TEST_F(Gather, GivesOnePacketAtATimeWhereNoMoreFit) {
  std::shuffle(entries_.all().begin(), entries_.all().end(), random_);
  count_ = 300;
  check(1);
}

TEST_F(Gather, FollowsTheInputsWhereTheIndexDoes) { check(kGatherBytes); }

TEST_F(Gather, FollowsSeveralInputsAtOnce) {
  std::stable_sort(entries_.all().begin(), entries_.all().end(),
                   [](const IndexEntry& a, const IndexEntry& b) { return a.timestamp_ns < b.timestamp_ns; });
  check(kGatherBytes);
  check(2'000'000);
}

TEST_F(Gather, NoPacketsAreNoWork) {
  count_ = 0;
  check(kGatherBytes);
}

TEST_F(Gather, TellsOfAnInputThatBecameShorter) {
  std::filesystem::resize_file(directory_ / "1", 100'000);
  EXPECT_THROW(gather(wanted(), inputs_, [](const IndexEntry&, Bytes) {}), FormatError);
}

}  // namespace
}  // namespace pcapml
