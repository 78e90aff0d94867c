// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>

#include "pcapml/bytes.h"

namespace pcapml {

/// Link types (LINKTYPE_ values, as written in files) that the header walk knows.
enum LinkType : std::uint16_t {
  kLinkNull = 0,  ///< BSD loopback, host byte order of the capturing machine
  kLinkEthernet = 1,
  kLinkPpp = 9,
  kLinkRaw12 = 12,  ///< raw IP as some systems number it
  kLinkRaw14 = 14,  ///< raw IP as OpenBSD numbers it
  kLinkPppHdlc = 50,
  kLinkPppEther = 51,
  kLinkRaw = 101,
  kLinkCiscoHdlc = 104,
  kLinkLoop = 108,  ///< OpenBSD loopback, network byte order
  kLinkLinuxSll = 113,
  kLinkIpv4 = 228,
  kLinkIpv6 = 229,
  kLinkLinuxSll2 = 276,
};

/// An IPv4 or IPv6 address; an IPv4 address is in the first four bytes, the rest is zero.
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};
  std::uint8_t version = 0;  ///< 4, 6, or 0 for none

  auto operator<=>(const IpAddress&) const = default;
  /// As the default one, in two words instead of a call: each packet is compared with its flow.
  bool operator==(const IpAddress& other) const {
    std::uint64_t ours[2], theirs[2];
    std::memcpy(ours, bytes.data(), sizeof ours);
    std::memcpy(theirs, other.bytes.data(), sizeof theirs);
    return ours[0] == theirs[0] && ours[1] == theirs[1] && version == other.version;
  }
};

/// "192.0.2.1", "2001:db8::1" (RFC 5952); "" for none.
std::string to_string(const IpAddress& address);

/// 5-tuple of one packet, in the packet's own direction.
///
/// Ports are 0 where the packet shows none: ICMP, fragments after the first, a cut before the ports,
/// protocols other than TCP, UDP, UDP-Lite and SCTP.
struct FlowKey {
  IpAddress source, destination;
  std::uint16_t source_port = 0, destination_port = 0;
  std::uint8_t protocol = 0;  ///< IANA number of the transport, or of the extension header that was cut

  auto operator<=>(const FlowKey&) const = default;

  FlowKey reversed() const { return {destination, source, destination_port, source_port, protocol}; }
  /// Whether the smaller address and port come first.
  bool is_canonical() const;
  /// The same key for both directions.
  FlowKey canonical() const { return is_canonical() ? *this : reversed(); }
};

/// Fast, and good in every bit; differs between machines of different byte order. Not keyed.
struct FlowKeyHash {
  std::size_t operator()(const FlowKey& key) const noexcept;
};

/// Where the headers of a packet lie. Offsets count from the first captured byte.
///
/// network <= transport <= payload <= network + ip_captured <= captured bytes, always; only ip_length and
/// fragment_offset are what the IP header claims. Where headers are cut, or a protocol is not known, the
/// later offsets are equal: all at the end of the IP packet, or at the start of what is not known.
struct Headers {
  std::uint32_t network_offset = 0;    ///< of the IP header
  std::uint32_t transport_offset = 0;  ///< after the IP header and its extension headers
  std::uint32_t payload_offset = 0;    ///< after the transport header, as far as it was captured
  std::uint32_t ip_length = 0;        ///< of the whole IP packet as its header says; 0: not given there (TSO)
  std::uint32_t ip_captured = 0;      ///< bytes of the IP packet that were captured (no padding, no FCS)
  std::uint16_t fragment_offset = 0;  ///< in bytes
  bool more_fragments = false;
  bool has_transport = false;  ///< the fixed part of a TCP, UDP, UDP-Lite, SCTP or ICMP header was captured
  std::uint8_t tcp_flags = 0;  ///< RFC 9293; 0 where there is no TCP header
  FlowKey flow;

  bool is_fragment() const { return more_fragments || fragment_offset != 0; }
};

/// Walks link layer, VLAN tags, MPLS, PPPoE, PPP, IP and its extension headers up to the transport header of
/// the outermost IP packet.
///
/// nullopt where the packet is not IP, where the fixed IP header (20 or 40 bytes) was not captured whole, and
/// where the IPv4 header contradicts itself (header below 20 bytes, or longer than the packet). Thread-safe.
std::optional<Headers> parse_headers(std::uint16_t link_type, Bytes packet);

/// The headers of the innermost IP packet that GRE, IP in IP or VXLAN carry within this one; the same headers
/// where it is no tunnel, or where what it carries is not IP. `packet` is what parse_headers was given.
Headers innermost_headers(const Headers& outer, Bytes packet);
/// The same in place.
void enter_tunnels(Headers& headers, Bytes packet);

/// True where parse_headers knows this link type's framing.
bool is_known_link_type(std::uint16_t link_type);

}  // namespace pcapml
