// SPDX-License-Identifier: Apache-2.0
#include "dataset/external_pairing.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <random>

namespace pcapml {
namespace {

using Side = PacketPairing::Side;
using Pairs = std::map<std::uint64_t, std::uint64_t>;  // of the truth, and its partner

struct Packet {
  std::int64_t time;
  std::string whole;
  std::size_t captured;

  PacketContent content() const {
    PacketContent made;
    made.bytes = as_bytes(whole).first(captured);
    made.length = static_cast<std::uint32_t>(whole.size());
    return made;
  }
};
using Capture = std::vector<Packet>;

class InFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "pairing-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::uint64_t below(std::uint64_t n) { return random_() % n; }

  Capture capture(std::size_t packets, std::uint64_t contents, std::uint64_t times, std::uint64_t cuts) {
    Capture made;
    for (std::size_t i = 0; i < packets; ++i) {
      const std::uint64_t content = below(contents);
      Packet packet{static_cast<std::int64_t>(below(times)) - 5,
                    std::string(40 + content % 3 * 10, static_cast<char>('a' + content)), 0};
      packet.whole.back() = static_cast<char>('a' + below(1 + contents / 2));
      packet.captured = packet.whole.size();
      if (cuts > 0 && below(2) == 0) packet.captured = 20 + below(cuts);
      packet.captured = std::min(packet.captured, packet.whole.size());
      made.push_back(std::move(packet));
    }
    return made;
  }

  static Pairs in_memory(const Capture& truth, const Capture& test) {
    PacketPairing pairing;
    for (const Packet& packet : truth) pairing.add(Side::truth, packet.content(), packet.time);
    for (const Packet& packet : test) pairing.add(Side::test, packet.content(), packet.time);
    while (pairing.pair())
      for (const auto& [side, packets] : {std::pair(Side::truth, &truth), std::pair(Side::test, &test)})
        for (std::uint32_t i = 0; i < packets->size(); ++i)
          if (pairing.wants(side, i)) pairing.show(side, i, (*packets)[i].content());
    Pairs pairs;
    for (std::uint32_t i = 0; i < truth.size(); ++i)
      if (const auto partner = pairing.partner(i)) pairs[i] = *partner;
    return pairs;
  }

  Pairs in_files(const Capture& truth, const Capture& test, std::size_t memory_bytes) {
    Pairs pairs;
    std::size_t alone = 0;
    ExternalPairing pairing(memory_bytes, directory_.string(),
                            {[&](const PairingRecord& a, const PairingRecord& b) {
                               EXPECT_FALSE(a.is_test);
                               EXPECT_TRUE(b.is_test);
                               EXPECT_TRUE(pairs.emplace(a.number, b.number).second);
                             },
                             [&](const PairingRecord&) { ++alone; }});
    for (const bool is_test : {false, true}) {
      const Capture& packets = is_test ? test : truth;
      for (std::size_t i = 0; i < packets.size(); ++i) {
        const PacketContent content = packets[i].content();
        const ContentHash hash = hash_content(content);
        pairing.add(
            {packets[i].time, i, whole_length(content), counting_length(content), 0, 0, {}, is_test, false},
            hash.low, static_cast<std::uint32_t>(hash.high), content.is_complete());
      }
    }
    while (pairing.pair())
      while (const PairingRecord* wanted = pairing.wanted()) {
        const ContentHash hash =
            hash_content((wanted->is_test ? test : truth)[wanted->number].content(), wanted->prefix);
        pairing.show(hash.low, static_cast<std::uint32_t>(hash.high));
      }
    EXPECT_EQ(alone, truth.size() + test.size() - 2 * pairs.size());
    return pairs;
  }

  std::filesystem::path directory_;
  std::mt19937_64 random_{88};
};

TEST_F(InFiles, ThePairsAreThoseOfMemory) {
  for (int round = 0; round < 80; ++round) {
    const std::uint64_t contents = 1 + below(12), times = 1 + below(round % 3 == 0 ? 10'000 : 30);
    const std::uint64_t cuts = below(3) == 0 ? 0 : 1 + below(40);
    const Capture truth = capture(below(300), contents, times, cuts);
    const Capture test = capture(below(300), contents, times, cuts);
    const std::size_t memory = std::size_t{1} << (5 + below(16));
    ASSERT_EQ(in_files(truth, test, memory), in_memory(truth, test)) << round << ", " << memory;
  }
}

TEST_F(InFiles, ManyEqualPacketsPairAsInMemory) {
  for (const std::uint64_t times : {1U, 50U, 3000U, 4'000'000U}) {
    const Capture truth = capture(6000, 1, times, 0), test = capture(4500, 1, times, 0);
    ASSERT_EQ(in_files(truth, test, 100'000), in_memory(truth, test)) << times;
    ASSERT_EQ(in_files(test, truth, 100'000), in_memory(test, truth)) << times;
    ASSERT_EQ(in_files(truth, truth, 100'000).size(), truth.size());
  }
}

TEST_F(InFiles, PacketsAtEqualDistancesPairAsInMemory) {
  for (int round = 0; round < 15; ++round) {
    Capture sides[2];
    const std::uint64_t each = 1 + below(3);
    for (std::int64_t time = 0; time < 600; ++time)
      for (std::uint64_t n = below(each + 1); n > 0; --n)
        sides[below(2)].push_back({time * 10, std::string(30, 'x'), 30});
    std::shuffle(sides[0].begin(), sides[0].end(), random_);
    ASSERT_EQ(in_files(sides[0], sides[1], 500), in_memory(sides[0], sides[1])) << round;
  }
}

TEST_F(InFiles, NoPacketsAreNoPairs) { EXPECT_TRUE(in_files({}, {}, 1000).empty()); }

}  // namespace
}  // namespace pcapml
