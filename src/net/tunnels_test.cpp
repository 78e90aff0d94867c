// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "net/packet_samples.h"

namespace pcapml {
namespace {

using namespace samples;

constexpr unsigned kInnerSource = 0x0a000001, kInnerDestination = 0x0a000002;

std::string inner_packet() {
  return ipv4({.source = kInnerSource, .destination = kInnerDestination}, tcp("hello"));
}
std::string gre(unsigned type, const std::string& payload) { return be16(0) + be16(type) + payload; }
std::string vxlan(const std::string& frame) {
  const std::string payload = be8(8) + zeros(3) + be8(1) + be8(2) + be8(3) + be8(0) + frame;
  return be16(40000) + be16(4789) + be16(8 + static_cast<unsigned>(payload.size())) + be16(0) + payload;
}
std::string ppp(unsigned protocol, const std::string& payload) { return be16(protocol) + payload; }
std::string pppoe(const std::string& payload) {
  return be8(0x11) + be8(0) + be16(7) + be16(static_cast<unsigned>(payload.size())) + payload;
}
std::string mpls(unsigned label, bool bottom) { return be32(label << 12 | (bottom ? 0x100u : 0u) | 64); }

struct Carried {
  const char* name;
  std::uint16_t link_type;
  std::string bytes;
};

std::vector<Carried> carriers(const std::string& ip) {
  return {
      {"mpls", kLinkEthernet, ethernet(0x8847, mpls(16, false) + mpls(17, true) + ip)},
      {"mpls pseudowire", kLinkEthernet, ethernet(0x8847, mpls(16, true) + be32(0) + ethernet(0x0800, ip))},
      {"pppoe", kLinkEthernet, ethernet(0x8864, pppoe(ppp(0x0021, ip)))},
      {"pppoe link", kLinkPppEther, pppoe(ppp(0x0021, ip))},
      {"ppp", kLinkPpp, ppp(0x0021, ip)},
      {"ppp, short protocol", kLinkPpp, be8(0x21) + ip},
      {"ppp, hdlc", kLinkPppHdlc, be16(0xff03) + ppp(0x0021, ip)},
      {"cisco hdlc", kLinkCiscoHdlc, be16(0x0f00) + be16(0x0800) + ip},
      {"gre", kLinkRaw, ipv4({.protocol = 47}, gre(0x0800, ip))},
      {"gre, key and sequence", kLinkRaw,
       ipv4({.protocol = 47}, be16(0x3000) + be16(0x0800) + be32(1) + be32(2) + ip)},
      {"gre, ethernet", kLinkRaw, ipv4({.protocol = 47}, gre(0x6558, ethernet(0x0800, ip)))},
      {"pptp", kLinkRaw,
       ipv4({.protocol = 47}, be16(0x3081) + be16(0x880b) + be32(1) + be32(2) + be32(3) + ppp(0x0021, ip))},
      {"ip in ip", kLinkRaw, ipv4({.protocol = 4}, ip)},
      {"4 in 6", kLinkRaw, ipv6(4, ip)},
      {"vxlan", kLinkEthernet, ethernet(0x0800, ipv4({.protocol = 17}, vxlan(ethernet(0x0800, ip))))},
      {"vxlan in gre", kLinkRaw,
       ipv4({.protocol = 47}, gre(0x0800, ipv4({.protocol = 17}, vxlan(ethernet(0x0800, ip)))))},
  };
}

TEST(Tunnels, YieldTheInnermostFlow) {
  for (const auto& carrier : carriers(inner_packet())) {
    const Bytes bytes = as_bytes(carrier.bytes);
    const auto outer = parse_headers(carrier.link_type, bytes);
    ASSERT_TRUE(outer) << carrier.name;
    const Headers inner = innermost_headers(*outer, bytes);
    EXPECT_EQ(to_string(inner.flow.source), "10.0.0.1") << carrier.name;
    EXPECT_EQ(to_string(inner.flow.destination), "10.0.0.2") << carrier.name;
    EXPECT_EQ(inner.flow.destination_port, 443) << carrier.name;
    EXPECT_EQ(as_text(bytes.subspan(inner.payload_offset)), "hello") << carrier.name;
  }
}

TEST(Tunnels, StayWithinEveryPrefix) {
  for (const auto& carrier : carriers(inner_packet()))
    for (std::size_t n = 0; n <= carrier.bytes.size(); ++n) {
      const Bytes bytes = as_bytes(carrier.bytes).first(n);
      const auto outer = parse_headers(carrier.link_type, bytes);
      if (!outer) continue;
      const Headers inner = innermost_headers(*outer, bytes);
      EXPECT_LE(inner.network_offset + inner.ip_captured, n) << carrier.name;
      EXPECT_LE(inner.payload_offset, inner.network_offset + inner.ip_captured) << carrier.name;
    }
}

TEST(Tunnels, ThatCarryNoIpAreFlowsThemselves) {
  for (const std::string& bytes :
       {ipv4({.protocol = 47}, gre(0x0806, arp())),
        ipv4({.protocol = 17}, be16(1) + be16(4789) + be16(13) + be16(0) + "hello"),
        ipv4({.protocol = 4}, "not an IP packet")}) {
    const auto outer = parse_headers(kLinkRaw, as_bytes(bytes));
    ASSERT_TRUE(outer);
    EXPECT_EQ(innermost_headers(*outer, as_bytes(bytes)).flow, outer->flow);
  }
}

TEST(Tunnels, AreNotFollowedWithoutEnd) {
  std::string bytes = inner_packet();
  for (int i = 0; i < 100; ++i) bytes = ipv4({.protocol = 4}, bytes);
  const auto outer = parse_headers(kLinkRaw, as_bytes(bytes));
  ASSERT_TRUE(outer);
  EXPECT_EQ(innermost_headers(*outer, as_bytes(bytes)).flow.protocol, 4);
}

}  // namespace
}  // namespace pcapml
