// SPDX-License-Identifier: Apache-2.0
#include "capture/packet_facts.h"

#include <cstring>

#include "net/ip_protocol.h"

namespace pcapml {
namespace {

constexpr std::uint16_t kDnsPort = 53;

}  // namespace

std::string_view comm_of(const pcapml_owner& owner) {
  return {owner.name, strnlen(owner.name, sizeof owner.name)};
}

bool is_opened_from_afar(const pcapml_packet& packet) {
  return (packet.socket_flags & PCAPML_SOCKET_LISTENS) != 0 || is_accepted(packet.owner, packet.cookie);
}

bool is_dns(const AttributedPacket& a, const Headers& headers) {
  if (a.packet.protocol != kProtocolTcp && a.packet.protocol != kProtocolUdp) return false;
  return a.remote.port == kDnsPort || endpoint_of(a.packet.local).port == kDnsPort ||
         headers.flow.source_port == kDnsPort || headers.flow.destination_port == kDnsPort;
}

std::uint64_t wire_count(const std::optional<Headers>& headers, std::uint32_t length,
                         std::uint32_t gso_size) {
  if (gso_size == 0 || !headers || !headers->has_transport || length <= headers->payload_offset) return 1;
  return (std::uint64_t{length} - headers->payload_offset + gso_size - 1) / gso_size;
}

bool is_translated(const AttributedPacket& a, const std::optional<Headers>& headers) {
  if (!headers || !headers->has_transport || a.packet.protocol == 0) return false;
  const FlowKey& flow = headers->flow;
  if (flow.protocol != a.packet.protocol || flow.source_port == 0) return false;
  const bool is_egress = a.packet.direction == PCAPML_EGRESS;
  const Endpoint source{flow.source, flow.source_port}, destination{flow.destination, flow.destination_port};
  const Endpoint& here = is_egress ? source : destination;
  const Endpoint& there = is_egress ? destination : source;
  if (a.remote && a.remote != there) return true;
  const Endpoint local = endpoint_of(a.packet.local);
  if (local.port != 0 && local.port != here.port) return true;
  const bool is_bound =
      (a.packet.socket_flags & PCAPML_SOCKET_CONNECTED) != 0 && !is_unspecified(local.address);
  return is_bound && local.address != here.address;
}

std::string_view via_of(const AttributedPacket& a) {
  const pcapml_packet& packet = a.packet;
  if (a.was_held) return "held";
  if ((packet.socket_flags & PCAPML_SOCKET_SENT_BY_CURRENT) != 0) return "send";
  if ((packet.socket_flags & PCAPML_SOCKET_LISTENS) != 0) return "listener";
  const bool is_confirmed = packet.owner.confirmed_cookie == packet.cookie;
  const bool is_taken = packet.owner.via == PCAPML_VIA_ACCEPT || packet.owner.via == PCAPML_VIA_RECEIVE;
  if (!is_confirmed && !is_taken && is_accepted(packet.owner, packet.cookie))
    return packet.protocol == kProtocolTcp ? "listener" : "inherited";
  switch (packet.owner.via) {
    case PCAPML_VIA_CREATE: return "inherited";
    case PCAPML_VIA_CONNECT:
    case PCAPML_VIA_SEND: return "send";
    case PCAPML_VIA_RECEIVE: return "recv";
    case PCAPML_VIA_ACCEPT: return "accept";
    case PCAPML_VIA_SCAN: return "iterator";
    default: return "";
  }
}

bool names_process(std::string_view word, std::string_view comm, const Process* process) {
  if (word == comm) return true;
  // The kernel keeps so many bytes of a name.
  if (word.size() >= PCAPML_NAME_LENGTH && word.substr(0, PCAPML_NAME_LENGTH - 1) == comm) return true;
  if (process == nullptr) return false;
  const std::string_view executable = base_name(process->info.path);
  return !executable.empty() && (word == executable || word == executable.substr(0, PCAPML_NAME_LENGTH - 1));
}

}  // namespace pcapml
