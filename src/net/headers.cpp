// SPDX-License-Identifier: Apache-2.0
#include "pcapml/headers.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "net/ip_protocol.h"
#include "net/link_layer.h"
#include "pcapml/cursor.h"

namespace pcapml {
namespace {

std::uint32_t narrow(std::size_t n) { return static_cast<std::uint32_t>(n); }

template <std::size_t kLength>
void read_address(Cursor& at, std::uint8_t version, IpAddress& address) {
  const Bytes bytes = at.take(kLength);
  if (!at.ok()) return;
  std::memcpy(address.bytes.data(), bytes.data(), kLength);
  address.version = version;
}

/// Notes what the IP header claims (0: nothing), and cuts off what a link layer appended.
Bytes ip_packet(Bytes packet, std::uint32_t claimed, Headers& headers) {
  const std::size_t captured = claimed == 0 ? packet.size() : std::min<std::size_t>(claimed, packet.size());
  headers.ip_length = claimed;
  headers.ip_captured = narrow(captured);
  return Cursor(packet).take(captured);
}

// RFC 8200, 4.5
std::uint8_t read_fragment_header(Cursor& ip, Headers& headers) {
  const auto next = ip.u8();
  ip.skip(1);
  const auto place = ip.be16();
  ip.skip(4);
  if (ip.ok()) {
    headers.fragment_offset = place & 0xfff8;
    headers.more_fragments = (place & 1) != 0;
  }
  return next;
}

// `length` in units, not counting the first `extra` bytes of the header.
std::uint8_t skip_extension(Cursor& ip, std::size_t unit, std::size_t extra) {
  const auto next = ip.u8();
  const auto length = ip.u8();
  ip.skip(length * unit + extra - 2);
  return next;
}

/// Moves past the extension header that the flow's protocol names, which becomes the one that follows.
/// False where the protocol is not an extension header or its header is cut.
bool next_extension(Cursor& ip, Headers& headers) {
  std::uint8_t& protocol = headers.flow.protocol;
  const bool is_ipv6 = headers.flow.source.version == 6;
  std::uint8_t next;
  if (protocol == kProtocolAuthentication) {
    next = skip_extension(ip, 4, 8);  // RFC 4302, 2.2; in IPv4 as well
  } else if (is_ipv6 && (protocol == kProtocolHopByHop || protocol == kProtocolRouting ||
                         protocol == kProtocolDestination)) {
    next = skip_extension(ip, 8, 8);  // RFC 8200, 4.3, 4.4, 4.6
  } else if (is_ipv6 && protocol == kProtocolFragment) {
    next = read_fragment_header(ip, headers);
  } else {
    return false;
  }
  if (ip.ok()) protocol = next;
  return ip.ok();
}

/// Ports, flags, and the length of the header as far as it was captured.
std::size_t read_transport(Bytes bytes, Headers& headers) {
  const TransportShape shape = transport_shape(headers.flow.protocol);
  const std::size_t captured = bytes.size();
  Cursor segment(bytes);
  headers.has_transport = shape.length != 0 && captured >= shape.length;
  std::size_t length = shape.length;
  if (shape.has_ports && captured >= 4) {
    headers.flow.source_port = segment.be16();
    headers.flow.destination_port = segment.be16();
  }
  if (headers.flow.protocol == kProtocolTcp && headers.has_transport) {
    segment.skip(8);  // sequence and acknowledgment numbers
    const std::size_t data_offset = segment.u8() >> 4;
    headers.tcp_flags = segment.u8();
    length = std::max(length, data_offset * 4);
  }
  return std::min(length, captured);
}

/// Extension headers and transport; `packet` is the IP packet, `header_length` that of its first header.
void read_upper(Bytes packet, std::size_t header_length, Headers& headers) {
  Cursor ip(packet);
  ip.skip(header_length);
  while (headers.fragment_offset == 0 && next_extension(ip, headers)) {
  }
  headers.transport_offset = headers.network_offset + narrow(ip.ok() ? ip.position() : packet.size());
  headers.payload_offset = headers.transport_offset;
  if (ip.ok() && headers.fragment_offset == 0)
    headers.payload_offset += narrow(read_transport(ip.rest(), headers));
}

// RFC 791, 3.1
std::optional<Headers> parse_ipv4(Bytes packet, std::uint32_t network_offset) {
  constexpr std::size_t kFixed = 20;
  Cursor fixed(Cursor(packet).take(kFixed));
  const std::size_t header_length = (fixed.u8() & 0x0fu) * 4u;
  fixed.skip(1);                             // type of service
  const std::uint32_t total = fixed.be16();  // 0 where the network card cuts the segment (TSO)
  fixed.skip(2);                             // identification
  const auto fragment = fixed.be16();
  fixed.skip(1);  // time to live
  const auto protocol = fixed.u8();
  fixed.skip(2);  // checksum
  std::optional<Headers> result(std::in_place);
  read_address<4>(fixed, 4, result->flow.source);
  read_address<4>(fixed, 4, result->flow.destination);
  if (!fixed.ok() || header_length < kFixed || (total != 0 && total < header_length)) {
    result.reset();  // one result on all ways, so that nothing is copied
    return result;
  }

  result->network_offset = network_offset;
  result->flow.protocol = protocol;
  result->fragment_offset = static_cast<std::uint16_t>((fragment & 0x1fff) << 3);
  result->more_fragments = (fragment & 0x2000) != 0;
  read_upper(ip_packet(packet, total, *result), header_length, *result);
  return result;
}

/// RFC 2675, 2: the jumbo payload option of a hop-by-hop header; 0 where there is none or it is invalid.
std::uint32_t jumbo_payload(Cursor hop_by_hop) {
  hop_by_hop.skip(1);
  const std::size_t length = hop_by_hop.u8() * std::size_t{8} + 6;
  Cursor options(hop_by_hop.take(length));
  while (options.ok() && !options.empty()) {
    constexpr std::uint8_t kPad1 = 0, kJumbo = 0xc2;
    const auto type = options.u8();
    if (type == kPad1) continue;
    const auto size = options.u8();
    if (type != kJumbo || size != 4) {
      options.skip(size);
      continue;
    }
    const auto value = options.be32();
    return value > 0xffff ? value : 0;
  }
  return 0;
}

// RFC 8200, 3. A payload length of 0 means a jumbogram, or a packet that the network card will cut.
std::optional<Headers> parse_ipv6(Bytes packet, std::uint32_t network_offset) {
  constexpr std::uint32_t kFixed = 40;
  Cursor at(packet);
  Cursor fixed(at.take(kFixed));
  fixed.skip(4);  // version, traffic class, flow label
  const std::uint32_t payload = fixed.be16();
  const auto next = fixed.u8();
  fixed.skip(1);  // hop limit
  std::optional<Headers> result(std::in_place);
  read_address<16>(fixed, 6, result->flow.source);
  read_address<16>(fixed, 6, result->flow.destination);
  if (!fixed.ok()) {
    result.reset();
    return result;
  }

  result->network_offset = network_offset;
  result->flow.protocol = next;
  std::uint32_t claimed = kFixed + payload;
  if (payload == 0 && next != kProtocolNone) {
    const std::uint32_t jumbo = next == kProtocolHopByHop ? jumbo_payload(at) : 0;
    claimed = jumbo != 0 && jumbo <= std::numeric_limits<std::uint32_t>::max() - kFixed ? kFixed + jumbo : 0;
  }
  read_upper(ip_packet(packet, claimed, *result), kFixed, *result);
  return result;
}

std::optional<Headers> parse_ip(Bytes packet, std::uint32_t network_offset) {
  switch (Cursor(packet).u8() >> 4) {
    case 4: return parse_ipv4(packet, network_offset);
    case 6: return parse_ipv6(packet, network_offset);
    default: return std::nullopt;
  }
}

std::optional<Headers> parse_from(Layer layer, Bytes packet, std::size_t offset) {
  Cursor at(packet);
  at.skip(offset);
  while (layer != Layer::ip) {
    if (layer == Layer::other) return std::nullopt;
    layer = next_layer(layer, at);
  }
  return parse_ip(at.rest(), narrow(at.position()));
}

struct Tunnel {
  Layer layer = Layer::other;
  std::uint32_t offset = 0;
};

Tunnel tunnel_in(const Headers& headers) {
  constexpr std::uint16_t kVxlanPort = 4789;  // RFC 7348, 5
  if (headers.is_fragment()) return {};
  switch (headers.flow.protocol) {
    case kProtocolIpv4:
    case kProtocolIpv6: return {Layer::ip, headers.transport_offset};
    case kProtocolGre: return {Layer::gre, headers.transport_offset};
    case kProtocolUdp:
      if (headers.flow.destination_port == kVxlanPort) return {Layer::vxlan, headers.payload_offset};
      return {};
    default: return {};
  }
}

}  // namespace

std::optional<Headers> parse_headers(std::uint16_t link_type, Bytes packet) {
  return parse_from(outermost_layer(link_type), packet, 0);
}

void enter_tunnels(Headers& headers, Bytes packet) {
  constexpr int kMostTunnels = 8;
  for (int i = 0; i < kMostTunnels; ++i) {
    const Tunnel tunnel = tunnel_in(headers);
    if (tunnel.layer == Layer::other) return;
    const Bytes carrier = packet.first(headers.network_offset + headers.ip_captured);
    const auto inner = parse_from(tunnel.layer, carrier, tunnel.offset);
    if (!inner) return;
    headers = *inner;
  }
}

Headers innermost_headers(const Headers& outer, Bytes packet) {
  Headers innermost = outer;
  enter_tunnels(innermost, packet);
  return innermost;
}

bool is_known_link_type(std::uint16_t link_type) { return outermost_layer(link_type) != Layer::other; }

}  // namespace pcapml
