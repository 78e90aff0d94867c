// SPDX-License-Identifier: Apache-2.0
#include "pcapml/headers.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <memory>
#include <unordered_set>

#include "net/packet_samples.h"

namespace pcapml {
namespace {

using namespace samples;

std::optional<Headers> parse(std::uint16_t link_type, const std::string& packet) {
  return parse_headers(link_type, as_bytes(packet));
}

Headers parse_ip(const std::string& packet) {
  const auto headers = parse(kLinkRaw, packet);
  EXPECT_TRUE(headers);
  return headers.value_or(Headers{});
}

void expect_tcp4(const std::optional<Headers>& headers, std::uint32_t network_offset) {
  ASSERT_TRUE(headers);
  EXPECT_EQ(headers->network_offset, network_offset);
  EXPECT_EQ(headers->transport_offset, network_offset + 20);
  EXPECT_EQ(headers->payload_offset, network_offset + 40);
  EXPECT_EQ(headers->ip_length, 45u);
  EXPECT_EQ(headers->ip_captured, 45u);
  EXPECT_TRUE(headers->has_transport);
  EXPECT_FALSE(headers->is_fragment());
  EXPECT_EQ(headers->tcp_flags, 0x18);
  EXPECT_EQ(to_string(headers->flow.source), "192.0.2.1");
  EXPECT_EQ(to_string(headers->flow.destination), "198.51.100.2");
  EXPECT_EQ(headers->flow.source_port, 50000);
  EXPECT_EQ(headers->flow.destination_port, 443);
  EXPECT_EQ(headers->flow.protocol, 6);
}

void expect_udp6(const std::optional<Headers>& headers, std::uint32_t network_offset) {
  ASSERT_TRUE(headers);
  EXPECT_EQ(headers->network_offset, network_offset);
  EXPECT_EQ(headers->transport_offset, network_offset + 40);
  EXPECT_EQ(headers->payload_offset, network_offset + 48);
  EXPECT_EQ(headers->ip_length, 53u);
  EXPECT_EQ(to_string(headers->flow.source), "2001:db8::1");
  EXPECT_EQ(to_string(headers->flow.destination), "2001:db8::2");
  EXPECT_EQ(headers->flow.source_port, 5353);
  EXPECT_EQ(headers->flow.destination_port, 53);
  EXPECT_EQ(headers->flow.protocol, 17);
}

const std::string kTcp4 = ipv4({}, tcp("hello")), kUdp6 = ipv6(17, udp("hello"));

TEST(Headers, FindIpBehindEthernet) {
  expect_tcp4(parse(kLinkEthernet, ethernet(0x0800, kTcp4)), 14);
  expect_udp6(parse(kLinkEthernet, ethernet(0x86dd, kUdp6)), 14);
}

TEST(Headers, FindIpBehindAnyStackOfVlanTags) {
  expect_tcp4(parse(kLinkEthernet, ethernet(0x8100, vlan(7, 0x0800, kTcp4))), 18);
  expect_udp6(parse(kLinkEthernet, ethernet(0x88a8, vlan(7, 0x8100, vlan(8, 0x86dd, kUdp6)))), 22);
  expect_tcp4(
      parse(kLinkEthernet, ethernet(0x9100, vlan(1, 0x9100, vlan(2, 0x8100, vlan(3, 0x0800, kTcp4))))), 26);
}

TEST(Headers, FindIpBehindLlcAndSnap) {
  expect_tcp4(parse(kLinkEthernet, ethernet_802_3(snap(0x0800, kTcp4))), 22);
  expect_tcp4(parse(kLinkEthernet, ethernet_802_3("\x06\x06\x03" + kTcp4)), 17);
  expect_tcp4(parse(kLinkEthernet, ethernet(0x8100, vlan(7, 60, snap(0x0800, kTcp4)))), 26);
}

TEST(Headers, FindIpInRawFrames) {
  for (const std::uint16_t link_type : {kLinkRaw12, kLinkRaw14, kLinkRaw, kLinkIpv4})
    expect_tcp4(parse(link_type, kTcp4), 0);
  for (const std::uint16_t link_type : {kLinkRaw12, kLinkRaw14, kLinkRaw, kLinkIpv6})
    expect_udp6(parse(link_type, kUdp6), 0);
}

TEST(Headers, KnowTheLoopbackFamiliesOfAllSystemsInBothByteOrders) {
  expect_tcp4(parse(kLinkNull, le32(2) + kTcp4), 4);
  expect_tcp4(parse(kLinkNull, be32(2) + kTcp4), 4);
  for (const unsigned family : {10u, 24u, 28u, 30u}) {
    expect_udp6(parse(kLinkNull, le32(family) + kUdp6), 4);
    expect_udp6(parse(kLinkNull, be32(family) + kUdp6), 4);
  }
  expect_udp6(parse(kLinkLoop, be32(24) + kUdp6), 4);
  EXPECT_FALSE(parse(kLinkLoop, le32(24) + kUdp6));
  EXPECT_FALSE(parse(kLinkNull, le32(16) + kTcp4));
}

TEST(Headers, FindIpInLinuxCookedFrames) {
  expect_tcp4(parse(kLinkLinuxSll, linux_sll(0x0800, kTcp4)), 16);
  expect_udp6(parse(kLinkLinuxSll, linux_sll(0x8100, vlan(7, 0x86dd, kUdp6))), 20);
  expect_tcp4(parse(kLinkLinuxSll, linux_sll(4, snap(0x0800, kTcp4))), 24);
  expect_tcp4(parse(kLinkLinuxSll2, linux_sll2(0x0800, kTcp4)), 20);
  expect_udp6(parse(kLinkLinuxSll2, linux_sll2(0x88a8, vlan(7, 0x8100, vlan(8, 0x86dd, kUdp6)))), 28);
}

TEST(Headers, AreNoneWhereThereIsNoIp) {
  for (const auto& sample : all())
    EXPECT_EQ(parse(sample.link_type, sample.bytes).has_value(), sample.is_ip) << sample.name;
  EXPECT_FALSE(parse(127, kTcp4));
  EXPECT_FALSE(parse(kLinkEthernet, ethernet(0x05ff, kTcp4)));       // neither a length nor a type
  EXPECT_FALSE(parse(kLinkRaw, be8(0x44) + kTcp4.substr(1)));        // header of 16 bytes
  EXPECT_FALSE(parse(kLinkRaw, ipv4({.total = 19}, tcp("hello"))));  // shorter than its header
}

TEST(Headers, KnowWhichLinkTypesTheyWalk) {
  for (const auto& sample : all()) EXPECT_TRUE(is_known_link_type(sample.link_type)) << sample.name;
  for (const std::uint16_t link_type : std::initializer_list<std::uint16_t>{10, 105, 127, 147, 189, 65535})
    EXPECT_FALSE(is_known_link_type(link_type));
}

TEST(Headers, EndWhereTheIpPacketEndsNotWhereTheFrameEnds) {
  const auto padded = parse(kLinkEthernet, ethernet(0x0800, ipv4({}, tcp(""))) + zeros(6));
  ASSERT_TRUE(padded);
  EXPECT_EQ(padded->ip_length, 40u);
  EXPECT_EQ(padded->ip_captured, 40u);
  EXPECT_EQ(padded->payload_offset, 54u);
  // Padding never passes for a transport header.
  const auto short_udp =
      parse(kLinkEthernet, ethernet(0x0800, ipv4({.protocol = 17, .total = 23}, udp("hello"))));
  ASSERT_TRUE(short_udp);
  EXPECT_EQ(short_udp->flow.source_port, 0);
  EXPECT_FALSE(short_udp->has_transport);
  EXPECT_EQ(short_udp->payload_offset, 14u + 23u);
}

TEST(Headers, TellClaimFromCaptureInACutPacket) {
  const auto cut = parse_ip(ipv4({.total = 1500}, tcp("hello")));
  EXPECT_EQ(cut.ip_length, 1500u);
  EXPECT_EQ(cut.ip_captured, 45u);
  EXPECT_TRUE(cut.has_transport);
}

TEST(Headers, TakeAllThatWasCapturedWhereSegmentationIsOffloaded) {
  const auto v4 = parse_ip(ipv4({.total = 0}, tcp(std::string(2000, 'x'))));
  EXPECT_EQ(v4.ip_length, 0u);
  EXPECT_EQ(v4.ip_captured, 2040u);
  EXPECT_EQ(v4.flow.destination_port, 443);
  const auto v6 = parse_ip(ipv6(6, tcp(std::string(2000, 'x')), 0));
  EXPECT_EQ(v6.ip_length, 0u);
  EXPECT_EQ(v6.ip_captured, 2060u);
  EXPECT_EQ(v6.flow.destination_port, 443);
}

TEST(Headers, SkipIpv4Options) {
  const auto headers = parse_ip(ipv4({.options = zeros(40)}, tcp("hello", zeros(12))));
  EXPECT_EQ(headers.transport_offset, 60u);
  EXPECT_EQ(headers.payload_offset, 92u);
  EXPECT_EQ(headers.flow.source_port, 50000);
}

TEST(Headers, WalkIpv6ExtensionHeadersInAnyOrder) {
  const auto headers = parse_ip(ipv6(
      0, extension(
             43, extension(60, extension(44, fragment6(51, 0, true, authentication(6, tcp("hello"))), 2)))));
  EXPECT_EQ(headers.transport_offset, 40u + 8 + 8 + 24 + 8 + 24);
  EXPECT_EQ(headers.payload_offset, headers.transport_offset + 20);
  EXPECT_EQ(headers.flow.protocol, 6);
  EXPECT_EQ(headers.flow.destination_port, 443);
  EXPECT_TRUE(headers.more_fragments);
  EXPECT_EQ(headers.fragment_offset, 0);
}

TEST(Headers, NameTheExtensionHeaderThatWasCut) {
  const auto packet = ipv6(0, extension(60, extension(6, tcp("hello"), 9)));
  const auto headers = parse_ip(packet.substr(0, 60));
  EXPECT_EQ(headers.flow.protocol, 60);
  EXPECT_EQ(headers.transport_offset, 60u);
  EXPECT_FALSE(headers.has_transport);
}

TEST(Headers, ReadTheLengthOfAJumbogram) {
  EXPECT_EQ(parse_ip(ipv6(0, jumbo(6, 70000, tcp("hello")), 0)).ip_length, 70040u);
  EXPECT_EQ(parse_ip(ipv6(0, jumbo(6, 70000, tcp("hello")), 0)).flow.destination_port, 443);
  // RFC 2675, 3: a jumbo length below 65,536 is an error. One that no uint32_t holds with its header is one
  // to us.
  EXPECT_EQ(parse_ip(ipv6(0, jumbo(6, 65535, tcp("hello")), 0)).ip_length, 0u);
  EXPECT_EQ(parse_ip(ipv6(0, jumbo(6, 0xfffffff0, tcp("hello")), 0)).ip_length, 0u);
  EXPECT_EQ(parse_ip(ipv6(0, extension(6, tcp("hello")), 0)).ip_length, 0u);
  EXPECT_EQ(parse_ip(ipv6(59, "", 0)).ip_length, 40u);
}

TEST(Headers, ShowNoPortsInFragmentsAfterTheFirst) {
  const auto first = parse_ip(ipv4({.protocol = 17, .fragment = 0x2000}, udp("hello")));
  EXPECT_TRUE(first.is_fragment());
  EXPECT_EQ(first.flow.source_port, 5353);
  const auto later = parse_ip(ipv4({.protocol = 17, .fragment = 185}, udp("hello")));
  EXPECT_TRUE(later.is_fragment());
  EXPECT_EQ(later.fragment_offset, 1480);
  EXPECT_EQ(later.flow.source_port, 0);
  EXPECT_EQ(later.flow.protocol, 17);
  EXPECT_FALSE(later.has_transport);
  EXPECT_EQ(later.payload_offset, later.transport_offset);
  // What a later fragment holds only looks like an extension header.
  const auto later6 = parse_ip(ipv6(44, fragment6(60, 1448, false, extension(17, udp("hello")))));
  EXPECT_EQ(later6.fragment_offset, 1448);
  EXPECT_EQ(later6.flow.protocol, 60);
  EXPECT_EQ(later6.transport_offset, 48u);
  EXPECT_FALSE(later6.has_transport);
}

TEST(Headers, AtomicFragmentsAreWholePackets) {
  const auto headers = parse_ip(ipv6(44, fragment6(17, 0, false, udp("hello"))));
  EXPECT_FALSE(headers.is_fragment());
  EXPECT_EQ(headers.flow.destination_port, 53);
}

TEST(Headers, ReadPortsOfEveryTransportThatHasThem) {
  for (const unsigned protocol : {17u, 136u}) {
    const auto headers = parse_ip(ipv4({.protocol = protocol}, udp("hello")));
    EXPECT_EQ(headers.flow.destination_port, 53);
    EXPECT_EQ(headers.payload_offset, 28u);
  }
  const auto headers = parse_ip(ipv4({.protocol = 132}, sctp("hello")));
  EXPECT_EQ(headers.flow.destination_port, 3868);
  EXPECT_EQ(headers.payload_offset, 32u);
}

TEST(Headers, InventNoPorts) {
  for (const auto& packet : {ipv4({.protocol = 1}, icmp_echo("hello")), ipv6(58, icmp_echo("hello"))}) {
    const auto headers = parse_ip(packet);
    EXPECT_TRUE(headers.has_transport);
    EXPECT_EQ(headers.flow.source_port, 0);
    EXPECT_EQ(headers.flow.destination_port, 0);
    EXPECT_EQ(headers.payload_offset, headers.transport_offset + 8);
  }
  const auto esp = parse_ip(ipv4({.protocol = 50}, std::string(40, 'x')));
  EXPECT_FALSE(esp.has_transport);
  EXPECT_EQ(esp.flow.source_port, 0);
  EXPECT_EQ(esp.payload_offset, esp.transport_offset);
  // IPv6 extension headers mean nothing in IPv4.
  EXPECT_EQ(parse_ip(ipv4({.protocol = 60}, extension(17, udp("hello")))).flow.protocol, 60);
}

TEST(Headers, ShowPortsOfATransportHeaderThatIsCutBehindThem) {
  const auto headers = parse_ip(kTcp4.substr(0, 28));
  EXPECT_EQ(headers.flow.destination_port, 443);
  EXPECT_FALSE(headers.has_transport);
  EXPECT_EQ(headers.tcp_flags, 0);
  EXPECT_EQ(headers.payload_offset, 28u);
}

TEST(Headers, BelieveNoDataOffsetBelowTheFixedHeader) {
  auto packet = kTcp4;
  packet[20 + 12] = 0x10;
  EXPECT_EQ(parse_ip(packet).payload_offset, 40u);
  packet[20 + 12] = static_cast<char>(0xf0);
  EXPECT_EQ(parse_ip(packet).payload_offset, 45u);
}

TEST(Headers, OfEveryPrefixStayWithinIt) {
  for (const auto& sample : all()) {
    for (std::size_t n = 0; n <= sample.bytes.size(); ++n) {
      // A block of its own, so that a sanitizer sees a read of one byte too many.
      const auto exact = std::make_unique<char[]>(n);
      sample.bytes.copy(exact.get(), n);
      const auto headers = parse_headers(sample.link_type, as_bytes({exact.get(), n}));
      if (!headers) continue;
      EXPECT_LE(headers->network_offset + std::size_t{headers->ip_captured}, n) << sample.name;
      EXPECT_LE(headers->network_offset, headers->transport_offset) << sample.name;
      EXPECT_LE(headers->transport_offset, headers->payload_offset) << sample.name;
      EXPECT_LE(headers->payload_offset, headers->network_offset + headers->ip_captured) << sample.name;
    }
  }
}

TEST(FlowKey, IsTheSameInBothDirectionsOnceCanonical) {
  for (const auto& sample : all()) {
    const auto headers = parse(sample.link_type, sample.bytes);
    if (!headers) continue;
    EXPECT_EQ(headers->flow.canonical(), headers->flow.reversed().canonical()) << sample.name;
    EXPECT_EQ(headers->flow.reversed().reversed(), headers->flow);
  }
  FlowKey same_host = parse_ip(kTcp4).flow;
  same_host.destination = same_host.source;
  EXPECT_EQ(same_host.canonical(), same_host.reversed().canonical());
  EXPECT_EQ(same_host.canonical().source_port, 443);
}

TEST(FlowKey, HashesOfNeighbouringFlowsSpreadOverTheLowBits) {
  FlowKey key = parse_ip(kTcp4).flow;
  constexpr std::size_t kBits = 16;
  std::unordered_set<std::size_t> all_bits, low_bits, high_bits;
  for (unsigned i = 0; i < 1u << kBits; ++i) {
    key.source_port = static_cast<std::uint16_t>(i >> 8);
    key.source.bytes[3] = static_cast<std::uint8_t>(i);
    const std::size_t hash = FlowKeyHash{}(key);
    all_bits.insert(hash);
    low_bits.insert(hash & 0xffff);
    high_bits.insert(hash >> 48);
  }
  EXPECT_EQ(all_bits.size(), 1u << kBits);
  // 2^16 random values meet 1 - 1/e of 2^16 places: 41,427, with a standard deviation of about 80.
  EXPECT_NEAR(static_cast<double>(low_bits.size()), 41427, 800);
  EXPECT_NEAR(static_cast<double>(high_bits.size()), 41427, 800);
  EXPECT_NE(FlowKeyHash{}(key), FlowKeyHash{}(key.reversed()));
}

TEST(IpAddress, IsWrittenAsRfc5952Asks) {
  EXPECT_EQ(to_string(IpAddress{}), "");
  EXPECT_EQ(to_string(IpAddress{{127, 0, 0, 1}, 4}), "127.0.0.1");
  EXPECT_EQ(to_string(IpAddress{{}, 6}), "::");
  EXPECT_EQ(to_string(IpAddress{{0x20, 1, 0x0d, 0xb8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0xab}, 6}),
            "2001:db8:0:1::ab");
  EXPECT_EQ(to_string(IpAddress{{0x20, 1, 0x0d, 0xb8, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1}, 6}),
            "2001:db8:0:1:1:1:1:1");
  EXPECT_EQ(to_string(IpAddress{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1}, 6}),
            "::ffff:192.0.2.1");
}

}  // namespace
}  // namespace pcapml
