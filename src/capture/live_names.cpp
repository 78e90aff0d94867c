// SPDX-License-Identifier: Apache-2.0
#include "capture/live_names.h"

#include <array>
#include <cstring>

#include "net/flow_finder.h"
#include "net/mix.h"

namespace pcapml {
namespace {

// A capture may run for weeks, and reaches its limits: with these it takes some 250 MB then, besides bytes
// that wait, and stays there. The caller shows only the first bytes of a flow, and keeps a copy of its name.
// As different names count those that flows and DNS entries have, which hardly are as many; others go.
constexpr std::uint32_t kLiveFlows = 262'144;
constexpr std::size_t kLiveDnsEntries = 200'000;
constexpr std::size_t kLiveDifferentNames = 1'000'000;

ResolverLimits live_limits() {
  ResolverLimits limits;
  limits.flows = kLiveFlows;
  limits.dns_entries = kLiveDnsEntries;
  limits.names = kLiveDifferentNames;
  return limits;
}

/// Stands for a network namespace where the resolver knows IP addresses of clients: one of 2000::/3, so that
/// it counts as a host's own.
IpAddress client_address(std::uint32_t netns) {
  IpAddress address;
  address.version = 6;
  address.bytes[0] = 0x20;
  std::memcpy(address.bytes.data() + 1, &netns, sizeof netns);
  return address;
}

/// Stands for a process where the resolver knows Ethernet addresses of hosts; unicast.
std::array<std::byte, 6> process_address(const pcapml_owner& owner) {
  const std::uint64_t number = mix(owner.pid ^ 0x9e3779b97f4a7c15, owner.start_ns ^ 0xd1b54a32d192ed03);
  std::array<std::byte, 6> address{};
  std::memcpy(address.data(), &number, address.size());
  address[0] = (address[0] & std::byte{0xfc}) | std::byte{0x02};
  return address;
}

}  // namespace

LiveNames::LiveNames() : resolver_(live_limits()) {}

void LiveNames::add(std::uint32_t flow, bool is_new, const pcapml_packet& packet, const Headers& headers,
                    Bytes bytes, const Endpoint& remote) {
  const bool is_egress = packet.direction == PCAPML_EGRESS;
  FlowPacket flow_packet{};
  flow_packet.flow.flow = flow;
  flow_packet.flow.is_new = is_new;
  flow_packet.flow.from_initiator = is_egress;
  flow_packet.headers = headers;
  flow_packet.bytes = bytes;
  FlowKey& key = flow_packet.headers.flow;
  const IpAddress client = client_address(packet.netns);
  (is_egress ? key.source : key.destination) = client;
  (is_egress ? key.destination : key.source) = remote.address;
  (is_egress ? key.destination_port : key.source_port) = remote.port;

  // Destination, source; multicast stands for an unknown one.
  std::array<std::byte, 14> ethernet;
  ethernet.fill(std::byte{0xff});
  const auto process = process_address(packet.owner);
  std::memcpy(ethernet.data() + (is_egress ? 6 : 0), process.data(), process.size());
  resolver_.add(flow_packet, kLinkEthernet, ethernet);
}

}  // namespace pcapml
