// SPDX-License-Identifier: Apache-2.0
#include "net/flow_finder.h"

namespace pcapml {

std::optional<FlowPacket> FlowFinder::find(std::uint16_t link_type, Bytes frame, std::int64_t timestamp_ns,
                                           bool has_time) {
  const auto outer = parse_headers(link_type, frame);
  if (!outer) return std::nullopt;
  FlowPacket packet;
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
  packet.flow = tracker_.add(packet.headers, timestamp_ns, has_time);
  return packet;
}

}  // namespace pcapml
