// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pcapml/headers.h"

/// Packets for tests, put together from the outside in: ethernet(0x0800, ipv4({}, tcp("hello"))).
namespace pcapml::samples {

inline std::string be8(unsigned n) { return std::string(1, static_cast<char>(n)); }
inline std::string be16(unsigned n) { return be8(n >> 8) + be8(n); }
inline std::string be32(unsigned n) { return be16(n >> 16) + be16(n); }
inline std::string le32(unsigned n) { return be8(n) + be8(n >> 8) + be8(n >> 16) + be8(n >> 24); }
inline std::string zeros(std::size_t n) { return std::string(n, '\0'); }

inline std::string macs() { return std::string("\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02", 12); }
inline std::string ethernet(unsigned type, const std::string& payload) {
  return macs() + be16(type) + payload;
}
/// What follows a TPID: goes where an EtherType's payload goes.
inline std::string vlan(unsigned id, unsigned type, const std::string& payload) {
  return be16(id) + be16(type) + payload;
}
inline std::string snap(unsigned type, const std::string& payload) {
  return std::string("\xaa\xaa\x03\0\0\0", 6) + be16(type) + payload;
}
inline std::string ethernet_802_3(const std::string& llc) {
  return ethernet(static_cast<unsigned>(llc.size()), llc);
}
inline std::string linux_sll(unsigned type, const std::string& payload, unsigned hardware = 1) {
  return be16(0) + be16(hardware) + be16(6) + macs().substr(0, 6) + zeros(2) + be16(type) + payload;
}
inline std::string linux_sll2(unsigned type, const std::string& payload, unsigned hardware = 1) {
  return be16(type) + zeros(2) + be32(3) + be16(hardware) + be8(0) + be8(6) + macs().substr(0, 6) + zeros(2) +
         payload;
}

struct Ipv4 {
  unsigned protocol = 6;
  std::string options = {};  ///< a multiple of four bytes
  int total = -1;            ///< -1: as long as it is
  unsigned fragment = 0;     ///< the whole field: flags and offset in units of eight bytes
  unsigned checksum = 0x1234;
  unsigned source = 0xc0000201, destination = 0xc6336402;  ///< 192.0.2.1, 198.51.100.2
};
inline std::string ipv4(const Ipv4& h, const std::string& payload) {
  const auto header_length = 20 + static_cast<unsigned>(h.options.size());
  const auto length = header_length + static_cast<unsigned>(payload.size());
  return be8(0x40 | header_length / 4) + be8(0) +
         be16(h.total < 0 ? length : static_cast<unsigned>(h.total)) + be16(0x4711) + be16(h.fragment) +
         be8(64) + be8(h.protocol) + be16(h.checksum) + be32(h.source) + be32(h.destination) + h.options +
         payload;
}

/// From 2001:db8::1 to 2001:db8::2.
inline std::string ipv6(unsigned next, const std::string& payload, int payload_length = -1) {
  const auto length =
      static_cast<unsigned>(payload_length < 0 ? static_cast<int>(payload.size()) : payload_length);
  const std::string prefix = be32(0x20010db8) + zeros(11);
  return be32(0x60000000) + be16(length) + be8(next) + be8(64) + prefix + be8(1) + prefix + be8(2) + payload;
}
/// Hop-by-hop, routing or destination options header of 8 bytes and more.
inline std::string extension(unsigned next, const std::string& payload, unsigned more = 0) {
  return be8(next) + be8(more) + std::string("\x01\x04\0\0\0\0", 6) + zeros(more * std::size_t{8}) + payload;
}
inline std::string jumbo(unsigned next, unsigned length, const std::string& payload) {
  return be8(next) + be8(0) + be8(0xc2) + be8(4) + be32(length) + payload;
}
inline std::string fragment6(unsigned next, unsigned offset, bool more, const std::string& payload) {
  return be8(next) + be8(0) + be16(offset | (more ? 1u : 0u)) + be32(0x0badcafe) + payload;
}
inline std::string authentication(unsigned next, const std::string& payload) {
  return be8(next) + be8(4) + zeros(2) + be32(256) + be32(1) + zeros(12) + payload;
}

inline std::string tcp(const std::string& payload, const std::string& options = "",
                       unsigned checksum = 0xbeef) {
  const auto words = 5 + static_cast<unsigned>(options.size()) / 4;
  return be16(50000) + be16(443) + be32(1000) + be32(2000) + be8(words << 4) + be8(0x18) + be16(512) +
         be16(checksum) + be16(0) + options + payload;
}
inline std::string udp(const std::string& payload, unsigned checksum = 0xbeef) {
  return be16(5353) + be16(53) + be16(8 + static_cast<unsigned>(payload.size())) + be16(checksum) + payload;
}
inline std::string sctp(const std::string& payload, unsigned checksum = 0xdeadbeef) {
  return be16(2905) + be16(3868) + be32(7) + be32(checksum) + payload;
}
inline std::string icmp_echo(const std::string& payload) {
  return be8(8) + be8(0) + be16(0xbeef) + be16(1) + be16(1) + payload;
}
inline std::string arp() {
  return be16(1) + be16(0x0800) + be8(6) + be8(4) + be16(1) + macs().substr(0, 6) + be32(0xc0000201) +
         zeros(6) + be32(0xc0000202);
}

struct Sample {
  const char* name;
  std::uint16_t link_type;
  std::string bytes;
  bool is_ip = true;
};

/// One of each shape that the header walk tells apart.
inline std::vector<Sample> all() {
  const std::string tcp4 = ipv4({}, tcp("hello")), udp6 = ipv6(17, udp("hello"));
  const std::string every_extension =
      ipv6(0, extension(43, extension(60, fragment6(51, 0, true, authentication(6, tcp("hello"))), 1)));
  return {
      {"ethernet-tcp", kLinkEthernet, ethernet(0x0800, tcp4)},
      {"ethernet-padded", kLinkEthernet, ethernet(0x0800, ipv4({}, tcp(""))) + zeros(6)},
      {"ethernet-udp6", kLinkEthernet, ethernet(0x86dd, udp6)},
      {"ethernet-arp", kLinkEthernet, ethernet(0x0806, arp()), false},
      {"ethernet-vlan", kLinkEthernet, ethernet(0x8100, vlan(7, 0x0800, tcp4))},
      {"ethernet-qinq", kLinkEthernet, ethernet(0x88a8, vlan(7, 0x8100, vlan(8, 0x86dd, udp6)))},
      {"ethernet-qinq-old", kLinkEthernet, ethernet(0x9100, vlan(7, 0x9100, vlan(8, 0x0800, tcp4)))},
      {"ethernet-snap", kLinkEthernet, ethernet_802_3(snap(0x0800, tcp4))},
      {"ethernet-llc-ip", kLinkEthernet, ethernet_802_3(std::string("\x06\x06\x03") + tcp4)},
      {"ethernet-stp", kLinkEthernet, ethernet_802_3(std::string("\x42\x42\x03") + zeros(35)), false},
      {"ethernet-vlan-snap", kLinkEthernet, ethernet(0x8100, vlan(7, 60, snap(0x0800, tcp4)))},
      {"raw12", kLinkRaw12, tcp4},
      {"raw14", kLinkRaw14, udp6},
      {"raw", kLinkRaw, tcp4},
      {"raw-udp6", kLinkRaw, udp6},
      {"raw-not-ip", kLinkRaw, zeros(60), false},
      {"ipv4", kLinkIpv4, tcp4},
      {"ipv6", kLinkIpv6, udp6},
      {"null-little", kLinkNull, le32(2) + tcp4},
      {"null-big", kLinkNull, be32(2) + tcp4},
      {"null-linux", kLinkNull, le32(10) + udp6},
      {"null-openbsd", kLinkNull, le32(24) + udp6},
      {"null-freebsd", kLinkNull, le32(28) + udp6},
      {"null-darwin", kLinkNull, be32(30) + udp6},
      {"null-appletalk", kLinkNull, le32(16) + tcp4, false},
      {"loop", kLinkLoop, be32(24) + udp6},
      {"sll", kLinkLinuxSll, linux_sll(0x0800, tcp4)},
      {"sll-vlan", kLinkLinuxSll, linux_sll(0x8100, vlan(7, 0x86dd, udp6))},
      {"sll-llc", kLinkLinuxSll, linux_sll(4, snap(0x0800, tcp4))},
      {"sll-netlink", kLinkLinuxSll, linux_sll(0x0800, tcp4, 824), false},
      {"sll2", kLinkLinuxSll2, linux_sll2(0x86dd, udp6)},
      {"sll2-qinq", kLinkLinuxSll2, linux_sll2(0x88a8, vlan(7, 0x8100, vlan(8, 0x0800, tcp4)))},
      {"ipv4-options", kLinkRaw, ipv4({.options = zeros(40)}, tcp("hello", zeros(12)))},
      {"ipv4-tso", kLinkRaw, ipv4({.total = 0}, tcp(std::string(100, 'x')))},
      {"ipv4-first-fragment", kLinkRaw, ipv4({.protocol = 17, .fragment = 0x2000}, udp("hello"))},
      {"ipv4-later-fragment", kLinkRaw, ipv4({.protocol = 17, .fragment = 185}, udp("hello"))},
      {"ipv4-authentication", kLinkRaw, ipv4({.protocol = 51}, authentication(17, udp("hello")))},
      {"ipv4-sctp", kLinkRaw, ipv4({.protocol = 132}, sctp("hello"))},
      {"ipv4-udp-lite", kLinkRaw, ipv4({.protocol = 136}, udp("hello"))},
      {"ipv4-icmp", kLinkRaw, ipv4({.protocol = 1}, icmp_echo("hello"))},
      {"ipv4-esp", kLinkRaw, ipv4({.protocol = 50}, zeros(40))},
      {"ipv6-every-extension", kLinkRaw, every_extension},
      {"ipv6-later-fragment", kLinkRaw, ipv6(44, fragment6(17, 1448, false, udp("hello")))},
      {"ipv6-jumbo", kLinkRaw, ipv6(0, jumbo(6, 70000, tcp("hello")), 0)},
      {"ipv6-tso", kLinkRaw, ipv6(6, tcp(std::string(100, 'x')), 0)},
      {"ipv6-icmp", kLinkRaw, ipv6(58, icmp_echo("hello"))},
      {"ipv6-none", kLinkRaw, ipv6(59, "")},
  };
}

}  // namespace pcapml::samples
