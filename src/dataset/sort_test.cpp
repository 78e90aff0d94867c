// SPDX-License-Identifier: Apache-2.0
#include "pcapml/sort.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include "build_capture.h"
#include "label/packet_label.h"
#include "pcapml/error.h"
#include "read_capture.h"

namespace pcapml {
namespace {

constexpr std::uint64_t kLeast = std::uint64_t{16} << 20;

class Sort : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "sort-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::uint64_t below(std::uint64_t n) { return random_() % n; }

  /// Some sections of either byte order with two interfaces each, blocks of other kinds, labels of all forms.
  std::string write_input(std::size_t packets, std::size_t sections) {
    const std::uint64_t samples = 1 + below(2000), times = 1 + below(100'000);
    const std::size_t longest = 1 + below(3000);
    test::Builder file;
    for (std::size_t section = 0; section < sections; ++section) {
      file.section(below(2) == 0 ? ByteOrder::little : ByteOrder::big);
      file.interface().interface(101, 0, file.inner().option(9, file.inner().u8(9)).end_of_options());
      for (std::size_t i = 0; i < packets / sections; ++i) {
        if (below(1000) == 0) file.block(5, file.inner().u32(below(2)).halves(below(times)));
        if (below(1000) == 0) file.block(4, file.inner().u16(0).u16(0));
        file.enhanced(static_cast<std::uint32_t>(below(2)), below(times), std::string(below(longest), 'p'),
                      options(file, samples));
      }
    }
    std::string path = (directory_ / "in.pcapng").string();
    std::ofstream(path, std::ios::binary)
        .write(as_text(file.bytes()).data(), static_cast<std::streamsize>(file.bytes().size()));
    return path;
  }

  test::Builder options(const test::Builder& file, std::uint64_t samples) {
    std::string id = std::to_string(below(samples));
    test::Builder made = file.inner();
    switch (below(8)) {
      case 0: return made;
      case 1: return made.comment("no label").end_of_options();
      case 2: id = "00" + id; break;
      case 3: id = "1" + std::string(10 + below(20), '0') + id; break;
      case 4: return made.comment("first").comment("s=" + id + ",proc=x").end_of_options();
      default: break;
    }
    return made.option(2, file.inner().u32(1)).comment(id + ",label").end_of_options();
  }

  std::string contents(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::string sorted(const std::string& input, std::uint64_t memory_bytes) {
    SortRequest request;
    request.input = input;
    request.output = (directory_ / "out.pcapng").string();
    request.memory.bytes = memory_bytes;
    sort(request);
    return contents(request.output);
  }

  /// What must come out, found in another way.
  static void expect_sorted(const std::string& input, const std::string& output) {
    struct Key {
      std::string id;
      std::int64_t time;
      std::uint32_t interface;
      test::Owned data;
    };
    const auto keys_of = [](const std::string& text) {
      std::vector<Key> keys;
      for (const auto& packet : test::read_capture(as_bytes(text)).packets) {
        // Options are not needed in their own order: a label reads the same in both captures.
        keys.push_back({"", packet.timestamp_ns, packet.interface, packet.data});
      }
      Reader reader(memory_source(as_bytes(text)));
      for (Key& key : keys) {
        const auto label = find_label(reader.next_packet()->options).label;
        if (label) key.id = canonical_sample_id(label->sample_id);
      }
      return keys;
    };
    std::vector<Key> wanted = keys_of(input);
    std::stable_sort(wanted.begin(), wanted.end(), [](const Key& a, const Key& b) {
      if (a.id.empty() != b.id.empty()) return b.id.empty();
      const int order = compare_sample_ids(a.id, b.id);
      return order != 0 ? order < 0 : a.time < b.time;
    });
    const std::vector<Key> found = keys_of(output);
    ASSERT_EQ(found.size(), wanted.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
      ASSERT_EQ(found[i].id, wanted[i].id) << i;
      ASSERT_EQ(found[i].time, wanted[i].time) << i;
      ASSERT_EQ(found[i].interface, wanted[i].interface) << i;
      ASSERT_EQ(found[i].data, wanted[i].data) << i;
    }
  }

  std::filesystem::path directory_;
  std::mt19937_64 random_{88};
};

TEST_F(Sort, IsAStableSortWhateverTheMemory) {
  for (int round = 0; round < 6; ++round) {
    const std::string input = write_input(2000 + below(12'000), 1 + below(4));
    const std::string all = sorted(input, 0);
    expect_sorted(contents(input), all);
    const std::uint64_t file_size = std::filesystem::file_size(input);
    for (const std::uint64_t memory : {kLeast, kLeast + below(kLeast), kLeast + 2 * file_size})
      EXPECT_TRUE(sorted(input, memory) == all) << memory;
  }
}

TEST_F(Sort, RefusesLessMemoryThanItNeeds) {
  const std::string input = write_input(10, 1);
  EXPECT_THROW(sorted(input, kLeast - 1), UsageError);
  EXPECT_FALSE(std::filesystem::exists(directory_ / "out.pcapng"));
}

}  // namespace
}  // namespace pcapml
