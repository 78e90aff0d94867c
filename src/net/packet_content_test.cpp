// SPDX-License-Identifier: Apache-2.0
#include "net/packet_content.h"

#include <gtest/gtest.h>

#include <array>
#include <unordered_set>

#include "net/packet_samples.h"

namespace pcapml {
namespace {

using namespace samples;

PacketContent content_of(std::uint16_t link_type, const std::string& packet) {
  return packet_content(link_type, as_bytes(packet), static_cast<std::uint32_t>(packet.size()));
}

ContentHash hash_of(std::uint16_t link_type, const std::string& packet) {
  return hash_content(content_of(link_type, packet));
}

ContentHash hash_of(const std::string& ip) { return hash_of(kLinkRaw, ip); }

TEST(PacketContent, IsTheSameInEveryFraming) {
  const std::string ip = ipv4({}, tcp("hello"));
  const auto hash = hash_of(ip);
  EXPECT_EQ(hash_of(kLinkEthernet, ethernet(0x0800, ip)), hash);
  EXPECT_EQ(hash_of(kLinkEthernet, ethernet(0x8100, vlan(7, 0x0800, ip))), hash);
  EXPECT_EQ(hash_of(kLinkEthernet, ethernet(0x88a8, vlan(7, 0x8100, vlan(8, 0x0800, ip)))), hash);
  EXPECT_EQ(hash_of(kLinkLinuxSll, linux_sll(0x0800, ip)), hash);
  EXPECT_EQ(hash_of(kLinkLinuxSll2, linux_sll2(0x0800, ip)), hash);
  EXPECT_EQ(hash_of(kLinkNull, le32(2) + ip), hash);
}

TEST(PacketContent, EndsBeforePaddingAndFcs) {
  const std::string frame = ethernet(0x0800, ipv4({}, tcp("")));
  EXPECT_EQ(hash_of(kLinkEthernet, frame + zeros(6)), hash_of(kLinkEthernet, frame));
  EXPECT_EQ(hash_of(kLinkEthernet, frame + zeros(6) + "FCS!"), hash_of(kLinkEthernet, frame));
  EXPECT_EQ(content_of(kLinkEthernet, frame + zeros(6)).bytes.size(), 40u);
}

TEST(PacketContent, LeavesOutTheChecksumsThatCardsFillIn) {
  EXPECT_EQ(hash_of(ipv4({.checksum = 0}, tcp("hello", "", 0))), hash_of(ipv4({}, tcp("hello"))));
  for (const unsigned protocol : {17u, 136u})
    EXPECT_EQ(hash_of(ipv6(protocol, udp("hello", 0))), hash_of(ipv6(protocol, udp("hello"))));
  EXPECT_EQ(hash_of(ipv6(132, sctp("hello", 0))), hash_of(ipv6(132, sctp("hello"))));
  EXPECT_EQ(hash_of(ipv4({.options = zeros(40)}, tcp("hello", "", 0))),
            hash_of(ipv4({.options = zeros(40)}, tcp("hello"))));
  EXPECT_EQ(hash_of(ipv6(0, extension(60, extension(6, tcp("hello", "", 0), 5)))),
            hash_of(ipv6(0, extension(60, extension(6, tcp("hello"), 5)))));
}

TEST(PacketContent, KeepsBytesOfALaterFragmentThatLieWhereAChecksumWould) {
  EXPECT_NE(hash_of(ipv4({.protocol = 17, .fragment = 185}, udp("hello", 0))),
            hash_of(ipv4({.protocol = 17, .fragment = 185}, udp("hello"))));
  EXPECT_EQ(hash_of(ipv4({.protocol = 17, .fragment = 0x2000}, udp("hello", 0))),
            hash_of(ipv4({.protocol = 17, .fragment = 0x2000}, udp("hello"))));
}

TEST(PacketContent, CountsEveryOtherBit) {
  for (const auto& sample : all()) {
    const auto content = content_of(sample.link_type, sample.bytes);
    const auto hash = hash_content(content);
    std::string bytes(as_text(content.bytes));
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
      const std::size_t i = bit / 8;
      bool in_gap = false;
      for (const auto& gap : content.gaps)
        in_gap |= i >= gap.offset && i < std::size_t{gap.offset} + gap.length;
      bytes[i] = static_cast<char>(bytes[i] ^ (1 << bit % 8));
      auto changed = content;
      changed.bytes = as_bytes(bytes);
      EXPECT_EQ(hash_content(changed) == hash, in_gap) << sample.name << " bit " << bit;
      bytes[i] = static_cast<char>(bytes[i] ^ (1 << bit % 8));
    }
  }
}

TEST(PacketContent, OfAPacketThatIsNotIpIsTheFrame) {
  const std::string frame = ethernet(0x0806, arp());
  const auto content = content_of(kLinkEthernet, frame);
  EXPECT_FALSE(content.is_ip);
  EXPECT_EQ(as_text(content.bytes), frame);
  EXPECT_EQ(content.length, frame.size());
  EXPECT_NE(hash_of(kLinkEthernet, frame + zeros(18)), hash_of(kLinkEthernet, frame));
}

TEST(PacketContent, EndsWithTheFrameWhereTheIpPacketGivesNoLength) {
  const std::string frame = ethernet(0x0800, ipv4({.total = 0}, tcp(std::string(2000, 'x'))));
  EXPECT_EQ(content_of(kLinkEthernet, frame).length, 2040u);
  const auto cut = packet_content(kLinkEthernet, as_bytes(frame).first(100), 2054);
  EXPECT_EQ(cut.length, 2040u);
  EXPECT_FALSE(cut.is_complete());
  EXPECT_EQ(packet_content(kLinkEthernet, as_bytes(frame).first(100), 0).length, 0u);
}

TEST(PacketContent, TellsPacketsApartByTheirWholeLength) {
  EXPECT_NE(hash_of(kLinkEthernet, ethernet(0x0806, arp())),
            hash_content(packet_content(kLinkEthernet, as_bytes(ethernet(0x0806, arp())), 60)));
}

TEST(PacketContent, HashesACutPacketAndItsTwinEquallyAtAnyCommonPrefix) {
  for (const auto& sample : all()) {
    const auto headers = parse_headers(sample.link_type, as_bytes(sample.bytes));
    if (!headers) continue;
    const auto length = static_cast<std::uint32_t>(sample.bytes.size());
    const auto whole = packet_content(headers, as_bytes(sample.bytes), length);
    const std::size_t fixed = headers->flow.source.version == 4 ? 20 : 40;
    for (std::size_t n = fixed; n <= whole.bytes.size(); ++n) {
      const auto cut =
          packet_content(sample.link_type, as_bytes(sample.bytes).first(headers->network_offset + n), length);
      ASSERT_EQ(cut.bytes.size(), n);
      if (cut.length != whole.length) continue;  // a jumbogram that lies about its length, cut in its option
      EXPECT_EQ(hash_content(cut), hash_content(whole, n)) << sample.name << " at " << n;
    }
  }
}

TEST(PacketContent, OfZeroBytesHasAHash) {
  EXPECT_EQ(hash_of(""), hash_of(kLinkEthernet, ""));
  EXPECT_NE(hash_of(""), hash_content(packet_content(kLinkEthernet, {}, 60)));
}

TEST(ContentHash, SpreadsSmallDifferencesOverAllBits) {
  std::array<unsigned, 128> flips{};
  constexpr unsigned kRounds = 4096;
  std::string ip = ipv4({.protocol = 17}, udp(zeros(200)));
  auto previous = hash_of(ip);
  for (unsigned i = 1; i <= kRounds; ++i) {
    ip.replace(224, 4, le32(i));
    const auto hash = hash_of(ip);
    for (unsigned bit = 0; bit < 64; ++bit) {
      flips[bit] += static_cast<unsigned>((hash.low ^ previous.low) >> bit & 1);
      flips[64 + bit] += static_cast<unsigned>((hash.high ^ previous.high) >> bit & 1);
    }
    previous = hash;
  }
  for (const unsigned n : flips) EXPECT_NEAR(n, kRounds / 2, kRounds / 16);  // eight standard deviations
}

TEST(ContentHash, HasDistinctHalvesOverManyPackets) {
  std::unordered_set<std::uint64_t> low, high;
  std::string ip = ipv4({.protocol = 17}, udp(zeros(64)));
  constexpr unsigned kPackets = 1u << 17;
  for (unsigned i = 0; i < kPackets; ++i) {
    ip.replace(4, 2, be16(i & 0xffff));
    ip.replace(60, 4, be32(i >> 16));
    const auto hash = hash_of(ip);
    low.insert(hash.low);
    high.insert(hash.high);
  }
  EXPECT_EQ(low.size(), kPackets);
  EXPECT_EQ(high.size(), kPackets);
}

}  // namespace
}  // namespace pcapml
