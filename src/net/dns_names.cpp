// SPDX-License-Identifier: Apache-2.0
#include "net/dns_names.h"

#include <algorithm>

namespace pcapml {
namespace {

constexpr std::uint8_t kMacVersion = 48;  // marks a client that is an Ethernet address

FlowKey key_of(const IpAddress& client, const IpAddress& remote) { return {client, remote, 0, 0, 0}; }

IpAddress as_client(MacAddress mac) {
  IpAddress client;
  client.version = kMacVersion;
  for (std::size_t i = 0; i < 6; ++i) client.bytes[i] = static_cast<std::uint8_t>(mac >> (8 * i));
  return client;
}

/// Addresses that any host may have besides its own: unspecified, link-local, multicast, broadcast.
bool says_nothing(const IpAddress& address) {
  const auto& b = address.bytes;
  if (address.version == 4) return b[0] == 0 || b[0] >= 224 || (b[0] == 169 && b[1] == 254);  // RFC 6890
  return (b[0] & 0xe0) != 0x20;  // RFC 4291, 2.4: global unicast is 2000::/3
}

}  // namespace

void DnsNames::see(MacAddress mac, const IpAddress& address) {
  if (mac == 0 || says_nothing(address)) return;
  Host& host = hosts_.find_or_add(mac).value;
  IpAddress seen = address;
  // A host has many IPv6 addresses of one network (RFC 8981).
  if (address.version == 6) std::fill(seen.bytes.begin() + 8, seen.bytes.end(), std::uint8_t{0});
  IpAddress& known = address.version == 4 ? host.ipv4 : host.ipv6_prefix;
  if (known.version == 0) {
    known = seen;
  } else if (known != seen) {
    host.is_router = true;
  }
}

void DnsNames::learn(const IpAddress& client, MacAddress mac, const std::vector<IpAddress>& addresses,
                     std::uint32_t name) {
  for (const IpAddress& address : addresses) {
    learn(client, address, name);
    if (mac != 0) learn(as_client(mac), address, name);
  }
}

void DnsNames::learn(const IpAddress& client, const IpAddress& remote, std::uint32_t name) {
  std::uint32_t& known = names_.find_or_add(key_of(client, remote)).value;
  if (known != 0 && known != name) earlier_.find_or_add(key_with(client, remote, known));
  known = name;
}

bool DnsNames::was_told(const IpAddress& client, const IpAddress& remote, std::uint32_t name) const {
  return find(client, remote) == name || earlier_.find(key_with(client, remote, name)) != nullptr;
}

bool DnsNames::was_told(MacAddress client, const IpAddress& remote, std::uint32_t name) const {
  return client != 0 && was_told(as_client(client), remote, name);
}

std::uint32_t DnsNames::find(const IpAddress& client, const IpAddress& remote) const {
  const std::uint32_t* name = names_.find(key_of(client, remote));
  return name == nullptr ? 0 : *name;
}

std::uint32_t DnsNames::find(MacAddress client, const IpAddress& remote) const {
  return client == 0 ? 0 : find(as_client(client), remote);
}

bool DnsNames::is_host(MacAddress mac) const {
  const Host* host = hosts_.find(mac);
  return host != nullptr && !host->is_router;
}

}  // namespace pcapml
