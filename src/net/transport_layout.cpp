// SPDX-License-Identifier: Apache-2.0
#include "net/transport_layout.h"

#include "net/ip_protocol.h"
#include "pcapml/cursor.h"

namespace pcapml {
namespace {

/// False where the header is cut or no header.
bool read_transport(Cursor& at, TransportLayout& layout) {
  layout.transport = layout.payload = static_cast<std::uint32_t>(at.position());
  if (layout.is_fragment) return true;
  const TransportShape shape = transport_shape(layout.protocol);
  if (shape.checksum_length == 0) return true;
  Cursor header(at.rest());
  std::size_t length = shape.length;
  if (layout.protocol == kProtocolTcp) {
    header.skip(12);
    length = (header.u8() >> 4) * std::size_t{4};
    if (length < shape.length) return false;
  }
  at.skip(length);
  layout.payload = static_cast<std::uint32_t>(at.position());
  layout.has_transport = at.ok();
  return at.ok();
}

// RFC 791, 3.1
bool read_ipv4(Cursor& at, TransportLayout& layout) {
  const std::size_t header_length = (at.u8() & 0x0fu) * std::size_t{4};
  at.skip(5);
  layout.is_fragment = (at.be16() & 0x3fff) != 0;
  at.skip(1);
  layout.protocol = at.u8();
  at.skip(2);
  layout.source = at.take(4);
  layout.destination = at.take(4);
  if (!at.ok() || header_length < at.position()) return false;
  at.skip(header_length - at.position());
  return at.ok() && read_transport(at, layout);
}

/// Linux puts nothing else into it (struct hop_jumbo_hdr, include/net/ipv6.h).
bool is_jumbogram_header(Cursor header) {
  header.skip(1);
  return header.u8() == 0 && header.u8() == 0xc2 && header.u8() == 4 && header.remaining() >= 4;
}

/// RFC 8200, 8.1: the checksum is that of the packet which arrives at the last destination.
void read_routing(Cursor header, TransportLayout& layout) {
  constexpr std::uint8_t kSegmentRouting = 4;
  header.skip(1);
  const std::size_t addresses = header.u8() / 2u;
  const auto type = header.u8();
  const auto segments_left = header.u8();
  header.skip(4);
  if (segments_left == 0 || addresses == 0) return;
  if (type != kSegmentRouting) header.skip((addresses - 1) * 16);  // RFC 8754, 2: it counts backwards
  const Bytes last = header.take(16);
  if (header.ok()) layout.destination = last;
}

// RFC 8200, 4.5
void read_fragment(Cursor header, TransportLayout& layout) {
  header.skip(2);
  layout.is_fragment = (header.be16() & 0xfff9) != 0;
}

// RFC 8200, 3 and 4
bool read_ipv6(Cursor& at, TransportLayout& layout) {
  at.skip(4);
  const auto payload_length = at.be16();
  layout.protocol = at.u8();
  at.skip(1);
  layout.source = at.take(16);
  layout.destination = at.take(16);
  if (layout.protocol == kProtocolHopByHop && payload_length == 0)
    layout.has_jumbogram_header = is_jumbogram_header(Cursor(at.rest()));
  while (at.ok() && !layout.is_fragment) {
    const Cursor header(at.rest());
    switch (layout.protocol) {
      case kProtocolRouting: read_routing(header, layout); break;
      case kProtocolFragment: read_fragment(header, layout); break;
      case kProtocolHopByHop:
      case kProtocolDestination: break;
      default: return read_transport(at, layout);
    }
    const bool has_length = layout.protocol != kProtocolFragment;
    layout.protocol = at.u8();
    const auto more = at.u8();
    at.skip(6 + (has_length ? more * std::size_t{8} : 0));
  }
  return at.ok() && read_transport(at, layout);
}

}  // namespace

InternetSum TransportLayout::pseudo_header(std::uint32_t transport_length) const {
  InternetSum sum;
  sum.add(source);
  sum.add(destination);
  sum.add_be32(protocol);
  sum.add_be32(transport_length);
  return sum;
}

std::optional<TransportLayout> find_transport(Bytes packet) {
  Cursor at(packet);
  TransportLayout layout;
  layout.version = static_cast<std::uint8_t>(Cursor(packet).u8() >> 4);
  const bool found = layout.version == 4   ? read_ipv4(at, layout)
                     : layout.version == 6 ? read_ipv6(at, layout)
                                           : false;
  return found ? std::optional(layout) : std::nullopt;
}

}  // namespace pcapml
