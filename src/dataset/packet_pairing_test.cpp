// SPDX-License-Identifier: Apache-2.0
#include "dataset/packet_pairing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "net/packet_samples.h"

namespace pcapml {
namespace {

using Side = PacketPairing::Side;

struct TestPacket {
  std::uint16_t link_type = kLinkRaw;
  std::string bytes;  ///< as captured
  std::uint32_t original_length = 0;
  std::int64_t timestamp_ns = 0;

  PacketContent content() const { return packet_content(link_type, as_bytes(bytes), original_length); }
};
using Capture = std::vector<TestPacket>;

struct Paired {
  std::vector<std::int64_t> partners;  ///< of the truth's packets; -1: none
  int readings = 1;
};

Paired pair_captures(const Capture& truth, const Capture& test) {
  PacketPairing pairing;
  for (const auto& p : truth) pairing.add(Side::truth, p.content(), p.timestamp_ns);
  for (const auto& p : test) pairing.add(Side::test, p.content(), p.timestamp_ns);
  Paired result;
  for (; pairing.pair(); ++result.readings) {
    EXPECT_LT(result.readings, 80);
    for (const Side side : {Side::truth, Side::test}) {
      const Capture& capture = side == Side::truth ? truth : test;
      bool any = false;
      for (std::uint32_t i = 0; i < capture.size(); ++i) {
        if (!pairing.wants(side, i)) continue;
        any = true;
        pairing.show(side, i, capture[i].content());
      }
      EXPECT_EQ(any, pairing.wants(side));
    }
  }
  std::uint64_t pairs = 0;
  for (std::uint32_t i = 0; i < truth.size(); ++i) {
    const auto partner = pairing.partner(i);
    result.partners.push_back(partner ? std::int64_t{*partner} : -1);
    EXPECT_EQ(pairing.is_paired(Side::truth, i), partner.has_value());
    if (!partner) continue;
    ++pairs;
    EXPECT_TRUE(pairing.is_paired(Side::test, *partner));
  }
  EXPECT_EQ(pairing.pairs(), pairs);
  return result;
}

// ---- The slow and obvious way ----

/// What counts of a content: its kind, the length of the whole, and the captured bytes with zeros for
/// checksums.
struct Plain {
  bool is_ip;
  std::uint32_t whole;
  std::string bytes;
};

Plain plain(const TestPacket& packet) {
  const PacketContent content = packet.content();
  Plain result{content.is_ip, content.length, std::string(as_text(content.bytes))};
  for (const auto& gap : content.gaps)
    for (std::size_t i = gap.offset; i < std::min<std::size_t>(gap.offset + gap.length, result.bytes.size());
         ++i)
      result.bytes[i] = 0;
  return result;
}

/// Pairs of one group by their times, as the issue says it.
void pair_times(const Capture& truth, const Capture& test, const std::vector<std::size_t>& a,
                const std::vector<std::size_t>& b, std::vector<std::int64_t>& partners,
                std::vector<bool>& taken) {
  const auto take = [&](std::size_t t, std::size_t s) {
    partners[t] = static_cast<std::int64_t>(s);
    taken[s] = true;
  };
  if (a.size() == b.size()) {
    auto in_order = [](const Capture& capture, std::vector<std::size_t> group) {
      std::stable_sort(group.begin(), group.end(), [&](std::size_t x, std::size_t y) {
        return capture[x].timestamp_ns < capture[y].timestamp_ns;
      });
      return group;
    };
    const auto sa = in_order(truth, a), sb = in_order(test, b);
    for (std::size_t i = 0; i < sa.size(); ++i) take(sa[i], sb[i]);
    return;
  }
  std::vector<std::tuple<std::int64_t, std::size_t, std::size_t>> all;
  for (const std::size_t t : a)
    for (const std::size_t s : b)
      all.emplace_back(std::abs(truth[t].timestamp_ns - test[s].timestamp_ns), t, s);
  std::sort(all.begin(), all.end());
  for (const auto& [distance, t, s] : all)
    if (partners[t] < 0 && !taken[s]) take(t, s);
}

std::vector<std::int64_t> pair_slowly(const Capture& truth, const Capture& test) {
  std::vector<std::int64_t> partners(truth.size(), -1);
  std::vector<bool> taken(test.size(), false);
  std::vector<Plain> a, b;
  for (const auto& p : truth) a.push_back(plain(p));
  for (const auto& p : test) b.push_back(plain(p));
  using Group = std::tuple<bool, std::uint32_t, std::string>;
  const auto groups = [](const std::vector<Plain>& side, auto wanted, std::size_t prefix) {
    std::map<Group, std::vector<std::size_t>> result;
    for (std::size_t i = 0; i < side.size(); ++i)
      if (wanted(i)) result[{side[i].is_ip, side[i].whole, side[i].bytes.substr(0, prefix)}].push_back(i);
    return result;
  };
  const auto meet = [&](auto&& ga, auto&& gb) {
    for (const auto& [key, members] : ga)
      if (const auto other = gb.find(key); other != gb.end())
        pair_times(truth, test, members, other->second, partners, taken);
  };
  // The longest common prefix first; the same cut on both sides before different ones.
  for (std::size_t cut = 120; cut-- > 0;) {
    const auto open_a = [&](std::size_t i) { return partners[i] < 0; };
    const auto open_b = [&](std::size_t i) { return !taken[i]; };
    const auto exact_a = [&](std::size_t i) { return open_a(i) && a[i].bytes.size() == cut; };
    const auto exact_b = [&](std::size_t i) { return open_b(i) && b[i].bytes.size() == cut; };
    const auto long_a = [&](std::size_t i) { return open_a(i) && a[i].bytes.size() > cut; };
    const auto long_b = [&](std::size_t i) { return open_b(i) && b[i].bytes.size() > cut; };
    meet(groups(a, exact_a, cut), groups(b, exact_b, cut));
    meet(groups(a, exact_a, cut), groups(b, long_b, cut));
    meet(groups(a, long_a, cut), groups(b, exact_b, cut));
  }
  return partners;
}

// ---- Captures ----

std::string udp_packet(unsigned flow, const std::string& payload, unsigned checksum = 0x1234) {
  samples::Ipv4 header;
  header.protocol = 17;
  header.source = 0x0a000000 + flow;
  header.checksum = checksum;
  return samples::ipv4(header, samples::be16(1000 + flow) + samples::be16(53) +
                                   samples::be16(8 + static_cast<unsigned>(payload.size())) +
                                   samples::be16(checksum) + payload);
}

TestPacket raw(const std::string& ip, std::int64_t time = 0) {
  return {kLinkRaw, ip, static_cast<std::uint32_t>(ip.size()), time};
}

TestPacket on_ethernet(const TestPacket& packet, unsigned padding = 0) {
  TestPacket result = packet;
  result.link_type = kLinkEthernet;
  result.bytes = samples::ethernet(0x0800, packet.bytes) + samples::zeros(padding);
  result.original_length = packet.original_length + 14 + padding;
  return result;
}

TestPacket cut(TestPacket packet, std::size_t length) {
  if (packet.bytes.size() > length) packet.bytes.resize(length);
  return packet;
}

Capture distinct_packets(unsigned n, std::size_t payload = 200) {
  Capture capture;
  for (unsigned i = 0; i < n; ++i)
    capture.push_back(
        raw(udp_packet(i % 50, std::string(payload, 'x').replace(0, 4, samples::be32(i))), i * 1000));
  return capture;
}

std::vector<std::int64_t> identity(std::size_t n) {
  std::vector<std::int64_t> result(n);
  for (std::size_t i = 0; i < n; ++i) result[i] = static_cast<std::int64_t>(i);
  return result;
}

TEST(PacketPairing, PairsEqualFilesInOneReading) {
  const Capture a = distinct_packets(1000);
  const Paired paired = pair_captures(a, a);
  EXPECT_EQ(paired.partners, identity(a.size()));
  EXPECT_EQ(paired.readings, 1);
}

TEST(PacketPairing, DoesNotMindFramingPaddingChecksumsAndOrder) {
  const Capture a = distinct_packets(1000);
  Capture b;
  for (unsigned i = 0; i < a.size(); ++i) b.push_back(on_ethernet(a[i], i % 5));
  for (auto& packet : b) packet.bytes[14 + 10] = 'c';      // IPv4 header checksum
  for (auto& packet : b) packet.bytes[14 + 20 + 6] = 'c';  // UDP checksum
  std::reverse(b.begin(), b.end());
  auto expected = identity(a.size());
  std::reverse(expected.begin(), expected.end());
  EXPECT_EQ(pair_captures(a, b).partners, expected);
  EXPECT_EQ(pair_captures(b, a).partners, expected);
}

TEST(PacketPairing, PairsPacketsCutByDifferentSnapLengths) {
  const Capture a = distinct_packets(1000);
  Capture b, c;
  for (const auto& packet : a) b.push_back(cut(on_ethernet(packet), 96));
  for (const auto& packet : a) c.push_back(cut(packet, 68));
  using Both = std::pair<const Capture*, const Capture*>;
  for (const auto& [left, right] : {Both(&a, &b), Both(&b, &a), Both(&a, &c), Both(&b, &c)}) {
    const Paired paired = pair_captures(*left, *right);
    EXPECT_EQ(paired.partners, identity(a.size()));
    EXPECT_EQ(paired.readings, 2);
  }
  EXPECT_EQ(pair_captures(b, b).readings, 1) << "cut alike on both sides";
}

TEST(PacketPairing, OneOddPacketDisturbsNoOther) {
  const Capture a = distinct_packets(1000);
  for (const std::size_t odd : {0u, 1u, 10u, 19u, 20u, 27u, 28u, 60u}) {
    Capture b;
    for (const auto& packet : a) b.push_back(cut(packet, 100));
    b[500] = cut(b[500], odd);
    auto expected = identity(a.size());
    if (odd < 20) expected[500] = -1;
    EXPECT_EQ(pair_captures(a, b).partners, expected) << odd;
  }
}

TEST(PacketPairing, NeverPairsPacketsThatDifferInWhatBothHold) {
  const TestPacket x = raw(udp_packet(1, std::string(50, 'a') + std::string(50, 'x')));
  const TestPacket y = raw(udp_packet(1, std::string(50, 'a') + std::string(50, 'y')));
  const TestPacket z = raw(udp_packet(2, std::string(100, 'a')));
  EXPECT_EQ(pair_captures({x, x}, {y, cut(z, 60)}).partners, (std::vector<std::int64_t>{-1, -1}));
  EXPECT_EQ(pair_captures({x, x}, {y, cut(x, 60)}).partners, (std::vector<std::int64_t>{1, -1}));
}

TEST(PacketPairing, ManyCutsNeedFewReadings) {
  const Capture a = distinct_packets(2000, 1200);
  std::mt19937 random(3);
  Capture b;
  for (const auto& packet : a) b.push_back(cut(packet, 40 + random() % 1200));
  const Paired one = pair_captures(a, b);
  EXPECT_EQ(one.partners, identity(a.size()));
  EXPECT_LT(one.readings, 40);
  Capture c;
  for (const auto& packet : a) c.push_back(cut(packet, 40 + random() % 1200));
  const Paired both = pair_captures(c, b);
  EXPECT_EQ(both.partners, identity(a.size()));
  EXPECT_LT(both.readings, 60);
}

TEST(PacketPairing, FramesThatAreNotIp) {
  const auto frame = [](const std::string& bytes, std::uint32_t original) {
    return TestPacket{kLinkEthernet, bytes, original, 0};
  };
  const std::string arp = samples::ethernet(0x0806, "who has 192.0.2.1?");
  const TestPacket full = frame(arp, 32), half = frame(arp.substr(0, 20), 32), none = frame("", 32);
  EXPECT_EQ(pair_captures({full}, {half}).partners[0], 0);
  EXPECT_EQ(pair_captures({none}, {full}).partners[0], 0) << "equal as far as it goes";
  EXPECT_EQ(pair_captures({full, none, half}, {half, none, full}).partners,
            (std::vector<std::int64_t>{2, 1, 0}));
  EXPECT_EQ(pair_captures({none}, {frame("", 33)}).partners[0], -1);
  EXPECT_EQ(pair_captures({}, {}).partners.size(), 0u);
}

TEST(PacketPairing, AgreesWithTheObviousWay) {
  std::mt19937 random(20240229);
  const auto dice = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
  for (int round = 0; round < 3000; ++round) {
    const unsigned kinds = 1 + dice(4), cuts = dice(3);
    const auto capture = [&] {
      Capture result;
      for (unsigned i = dice(12); i > 0; --i) {
        TestPacket packet =
            raw(udp_packet(1 + dice(2), std::string(30 + dice(2), 'p') +
                                            std::string(1, static_cast<char>('a' + dice(kinds))) + "tail"));
        packet.timestamp_ns = static_cast<std::int64_t>(dice(8)) - 2;
        if (dice(10) == 0)
          packet = {kLinkEthernet,
                    samples::ethernet(0x0806, std::string(20, static_cast<char>('a' + dice(2)))), 34,
                    packet.timestamp_ns};
        else if (dice(2) == 0)
          packet = on_ethernet(packet, dice(3));
        if (cuts == 1) packet = cut(packet, 50);
        if (cuts == 2 && dice(2) == 0) packet = cut(packet, dice(80));
        result.push_back(packet);
      }
      return result;
    };
    const Capture a = capture(), b = capture();
    ASSERT_EQ(pair_captures(a, b).partners, pair_slowly(a, b)) << "round " << round;
  }
}

TEST(PacketPairing, ALargeGroupOfEqualPacketsIsNoTrouble) {
  PacketPairing pairing;
  const TestPacket packet = raw(udp_packet(1, "same"));
  constexpr std::uint32_t kTruth = 100'000, kTest = 60'000;
  for (std::uint32_t i = 0; i < kTruth; ++i) pairing.add(Side::truth, packet.content(), i * 1000);
  for (std::uint32_t i = 0; i < kTest; ++i)
    pairing.add(Side::test, packet.content(), 30'000'000 + i * 1000 + 1);
  EXPECT_FALSE(pairing.pair());
  EXPECT_EQ(pairing.pairs(), kTest);
  for (std::uint32_t i = 0; i < kTest; ++i) ASSERT_EQ(pairing.partner(30'000 + i), i);
}

}  // namespace
}  // namespace pcapml
