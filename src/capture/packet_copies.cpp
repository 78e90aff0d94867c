// SPDX-License-Identifier: Apache-2.0
#include "capture/packet_copies.h"

#include <algorithm>

#include "net/ip_protocol.h"

namespace pcapml {
namespace {

constexpr std::uint64_t kWindow = 10'000'000;  // ns; the kernel makes all copies in one go

bool is_multicast(const IpAddress& address) {
  if (address.version == 6) return address.bytes[0] == 0xff;
  return address.version == 4 && (address.bytes[0] >> 4 == 14 || address.bytes[3] == 255);
}

/// Held packets may come out in another order.
bool is_near(std::uint64_t a, std::uint64_t b) { return std::max(a, b) - std::min(a, b) <= kWindow; }

}  // namespace

bool PacketCopies::is_copy(const pcapml_packet& packet, const std::optional<Headers>& headers, Bytes bytes) {
  if (packet.direction != PCAPML_INGRESS || packet.owner.pid == 0 || !headers) return false;
  const bool is_raw = packet.protocol != kProtocolTcp && packet.protocol != kProtocolUdp;
  if (!is_raw && !is_multicast(headers->flow.destination)) return false;
  const ContentHash hash = hash_content(packet_content(headers, bytes, packet.length));
  for (Seen& seen : recent_) {
    if (seen.pid != packet.owner.pid || seen.hash != hash || !is_near(packet.time_ns, seen.time_ns)) continue;
    if (seen.first_cookie != packet.cookie) return true;
    seen.time_ns = packet.time_ns;
    return false;
  }
  recent_[next_++ % kRecent] = {packet.owner.pid, packet.cookie, packet.time_ns, hash};
  return false;
}

}  // namespace pcapml
