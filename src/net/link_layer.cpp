// SPDX-License-Identifier: Apache-2.0
#include "net/link_layer.h"

#include "pcapml/headers.h"

namespace pcapml {
namespace {

Layer by_ether_type(std::uint16_t type) {
  switch (type) {
    case 0x0800:
    case 0x86dd: return Layer::ip;
    case 0x8100:  // IEEE 802.1Q
    case 0x88a8:  // IEEE 802.1ad
    case 0x9100:  // QinQ before 802.1ad
      return Layer::vlan;
    case 0x8847:  // RFC 5332: unicast, multicast
    case 0x8848: return Layer::mpls;
    case 0x8864: return Layer::pppoe;     // RFC 2516, session stage
    case 0x880b: return Layer::ppp;       // RFC 7042; in GRE of PPTP
    case 0x6558: return Layer::ethernet;  // RFC 1701: transparent Ethernet bridging
    default: return Layer::other;
  }
}

// IEEE 802.3, 3.2.6: up to 1500 the field is the length of an LLC frame.
Layer by_type_or_length(std::uint16_t value) { return value <= 1500 ? Layer::llc : by_ether_type(value); }

Layer after_llc(Cursor& at) {
  const auto destination = at.u8(), source = at.u8(), control = at.u8();
  constexpr std::uint8_t kUnnumberedInformation = 3;
  if (!at.ok() || control != kUnnumberedInformation || destination != source) return Layer::other;
  constexpr std::uint8_t kSnap = 0xaa, kIp = 0x06;
  if (source == kIp) return Layer::ip;
  if (source != kSnap) return Layer::other;
  const auto vendor = at.take(3);
  const auto type = at.be16();
  if (!at.ok() || vendor[0] != std::byte{0} || vendor[1] != std::byte{0}) return Layer::other;
  // RFC 1042 has vendor 0; IEEE 802.1H tunnels other types under 00-00-f8.
  if (vendor[2] != std::byte{0} && vendor[2] != std::byte{0xf8}) return Layer::other;
  return by_ether_type(type);
}

bool is_ip_family(std::uint32_t family) {
  switch (family) {
    case 2:   // AF_INET everywhere
    case 10:  // AF_INET6 of Linux
    case 23:  // Windows
    case 24:  // NetBSD, OpenBSD, BSD/OS
    case 28:  // FreeBSD, DragonFly
    case 30:  // Darwin
      return true;
    default: return false;
  }
}

// LINKTYPE_NULL is in the byte order of the capturing machine, which nothing in the packet tells.
Layer after_null(Cursor& at) {
  Cursor swapped = at;
  const bool is_ip = is_ip_family(at.be32()) || is_ip_family(swapped.le32());
  return at.ok() && is_ip ? Layer::ip : Layer::other;
}

Layer by_cooked_protocol(std::uint16_t hardware_type, std::uint16_t protocol) {
  constexpr std::uint16_t kNetlink = 824;  // ARPHRD_NETLINK: the protocol is a netlink family
  constexpr std::uint16_t k8022 = 4;       // ETH_P_802_2: LLC follows
  if (hardware_type == kNetlink) return Layer::other;
  return protocol == k8022 ? Layer::llc : by_ether_type(protocol);
}

Layer after_linux_sll(Cursor& at) {
  at.skip(2);  // direction
  const auto hardware_type = at.be16();
  at.skip(10);  // address length, address
  const auto protocol = at.be16();
  return at.ok() ? by_cooked_protocol(hardware_type, protocol) : Layer::other;
}

Layer after_linux_sll2(Cursor& at) {
  const auto protocol = at.be16();
  at.skip(6);  // reserved, interface index
  const auto hardware_type = at.be16();
  at.skip(10);  // direction, address length, address
  return at.ok() ? by_cooked_protocol(hardware_type, protocol) : Layer::other;
}

// RFC 3032, 2.1. Nothing tells what a label stack carries; the first nibble does (RFC 4928, 3).
Layer after_mpls(Cursor& at) {
  at.skip(2);
  const bool is_bottom = (at.u8() & 1) != 0;
  at.skip(1);
  if (!at.ok()) return Layer::other;
  if (!is_bottom) return Layer::mpls;
  Cursor ahead = at;
  switch (ahead.u8() >> 4) {
    case 4:
    case 6: return Layer::ip;
    case 0:  // RFC 4385, 3: the control word of a pseudowire
      at.skip(4);
      return Layer::ethernet;
    default: return Layer::other;
  }
}

// RFC 1661, 2, with the address and control fields of RFC 1662, 3.1 or without
Layer after_ppp(Cursor& at) {
  Cursor ahead = at;
  if (ahead.be16() == 0xff03) at = ahead;
  std::uint16_t protocol = at.u8();
  if (protocol % 2 == 0) protocol = static_cast<std::uint16_t>(protocol << 8 | at.u8());
  switch (protocol) {
    case 0x0021:
    case 0x0057: return Layer::ip;
    case 0x0281:
    case 0x0283: return Layer::mpls;
    default: return Layer::other;
  }
}

// RFC 2516, 4
Layer after_pppoe(Cursor& at) {
  constexpr std::uint8_t kVersionAndType = 0x11, kSession = 0;
  const bool is_session = at.u8() == kVersionAndType && at.u8() == kSession;
  at.skip(4);  // session, length
  return at.ok() && is_session ? Layer::ppp : Layer::other;
}

// RFC 2784, 2.1, RFC 2890, 2, and version 1 of RFC 2637, 4.1
Layer after_gre(Cursor& at) {
  const auto flags = at.be16();
  const auto type = at.be16();
  const int version = flags & 7;
  constexpr std::uint16_t kChecksum = 0x8000, kRouting = 0x4000, kKey = 0x2000, kSequence = 0x1000,
                          kAcknowledged = 0x80;
  if (version > 1 || (flags & kRouting) != 0) return Layer::other;
  for (const std::uint16_t field : {kChecksum, kKey, kSequence})
    if ((flags & field) != 0) at.skip(4);
  if (version == 1 && (flags & kAcknowledged) != 0) at.skip(4);
  return at.ok() ? by_ether_type(type) : Layer::other;
}

// RFC 7348, 5
Layer after_vxlan(Cursor& at) {
  constexpr std::uint8_t kHasNetworkId = 0x08;
  const auto flags = at.u8();
  at.skip(6);
  const auto reserved = at.u8();
  return at.ok() && flags == kHasNetworkId && reserved == 0 ? Layer::ethernet : Layer::other;
}

// Two bytes of address and control, then an EtherType.
Layer after_cisco_hdlc(Cursor& at) {
  at.skip(2);
  return by_ether_type(at.be16());
}

}  // namespace

Layer outermost_layer(std::uint16_t link_type) {
  switch (link_type) {
    case kLinkEthernet: return Layer::ethernet;
    case kLinkRaw12:
    case kLinkRaw14:
    case kLinkRaw:
    case kLinkIpv4:
    case kLinkIpv6: return Layer::ip;
    case kLinkNull: return Layer::null;
    case kLinkLoop: return Layer::loop;
    case kLinkLinuxSll: return Layer::linux_sll;
    case kLinkLinuxSll2: return Layer::linux_sll2;
    case kLinkPpp:
    case kLinkPppHdlc: return Layer::ppp;
    case kLinkPppEther: return Layer::pppoe;
    case kLinkCiscoHdlc: return Layer::cisco_hdlc;
    default: return Layer::other;
  }
}

Layer next_layer(Layer layer, Cursor& at) {
  switch (layer) {
    case Layer::ethernet:
      at.skip(12);  // destination, source
      return by_type_or_length(at.be16());
    case Layer::vlan:
      at.skip(2);  // TCI
      return by_type_or_length(at.be16());
    case Layer::llc: return after_llc(at);
    case Layer::null: return after_null(at);
    case Layer::loop: return is_ip_family(at.be32()) ? Layer::ip : Layer::other;
    case Layer::linux_sll: return after_linux_sll(at);
    case Layer::linux_sll2: return after_linux_sll2(at);
    case Layer::mpls: return after_mpls(at);
    case Layer::pppoe: return after_pppoe(at);
    case Layer::ppp: return after_ppp(at);
    case Layer::cisco_hdlc: return after_cisco_hdlc(at);
    case Layer::gre: return after_gre(at);
    case Layer::vxlan: return after_vxlan(at);
    case Layer::ip:
    case Layer::other: break;
  }
  return Layer::other;
}

}  // namespace pcapml
