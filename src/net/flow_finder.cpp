// SPDX-License-Identifier: Apache-2.0
#include "net/flow_finder.h"

namespace pcapml {

std::optional<InnerPacket> InnerPacketFinder::find(std::uint16_t link_type, Bytes frame) {
  const auto outer = parse_headers(link_type, frame);
  if (!outer) return std::nullopt;
  InnerPacket packet;
  packet.bytes = frame;
  packet.headers = innermost_headers(*outer, frame);
  packet.is_tunneled = packet.headers.network_offset != outer->network_offset;
  if (packet.headers.is_fragment()) {
    const Fragments::Result whole = fragments_.add(packet.headers, frame);
    packet.headers.flow = whole.flow;
    packet.is_partial = whole.packet.empty();
    if (!packet.is_partial) {
      if (const auto headers = parse_headers(kLinkRaw, whole.packet)) {
        packet.bytes = whole.packet;
        packet.headers = *headers;
      }
    }
  }
  return packet;
}

std::optional<FlowPacket> FlowFinder::find(std::uint16_t link_type, Bytes frame, std::int64_t timestamp_ns,
                                           bool has_time) {
  const auto inner = packets_.find(link_type, frame);
  if (!inner) return std::nullopt;
  return FlowPacket{*inner, tracker_.add(inner->headers, timestamp_ns, has_time)};
}

}  // namespace pcapml
