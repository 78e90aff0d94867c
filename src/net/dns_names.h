// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "net/aging_table.h"
#include "pcapml/headers.h"

namespace pcapml {

/// An Ethernet address in the low 48 bits; 0: none.
using MacAddress = std::uint64_t;

/// Which client was told which name for an address. A client is an IP address, or, behind one unicast
/// Ethernet address that is not a router's, all of a host's addresses. Memory is bounded; not thread-safe.
class DnsNames {
 public:
  explicit DnsNames(std::size_t max_entries)
      : hosts_(kMaxHosts), names_(max_entries), earlier_(max_entries) {}

  /// An IP address was seen behind an Ethernet address.
  void see(MacAddress mac, const IpAddress& address);

  /// A DNS answer: a later one for the same address takes the place of an earlier one. `name` is not 0.
  void learn(const IpAddress& client, MacAddress mac, const std::vector<IpAddress>& addresses,
             std::uint32_t name);

  /// What a client was told of a remote address; 0: nothing.
  std::uint32_t find(const IpAddress& client, const IpAddress& remote) const;
  std::uint32_t find(MacAddress client, const IpAddress& remote) const;

  /// Whether a client was told this name for a remote address, now or earlier.
  bool was_told(const IpAddress& client, const IpAddress& remote, std::uint32_t name) const;
  bool was_told(MacAddress client, const IpAddress& remote, std::uint32_t name) const;

  /// Whether all traffic behind this Ethernet address is one host's, as far as is known now.
  bool is_host(MacAddress mac) const;

  /// Calls visit(name) for each name that is remembered, perhaps more than once.
  template <class Visit>
  void for_each_name(Visit visit) const {
    names_.for_each([&](const FlowKey&, std::uint32_t name) { visit(name); });
    earlier_.for_each([&](const FlowKey& key, bool) { visit(name_in(key)); });
  }

  std::uint64_t forgotten() const { return names_.forgotten() + earlier_.forgotten(); }
  std::uint64_t hosts_forgotten() const { return hosts_.forgotten(); }

 private:
  static constexpr std::size_t kMaxHosts = 65536;

  struct Host {
    IpAddress ipv4;         // the only one, or none yet
    IpAddress ipv6_prefix;  // of a global address
    bool is_router = false;
  };

  /// A key of earlier_, and its name.
  static FlowKey key_with(const IpAddress& client, const IpAddress& remote, std::uint32_t name) {
    return {client, remote, static_cast<std::uint16_t>(name >> 16), static_cast<std::uint16_t>(name & 0xffff),
            0};
  }
  static std::uint32_t name_in(const FlowKey& key) {
    return std::uint32_t{key.source_port} << 16 | key.destination_port;
  }

  AgingTable<std::uint64_t, Host> hosts_;  // by MacAddress
  void learn(const IpAddress& client, const IpAddress& remote, std::uint32_t name);

  AgingTable<FlowKey, std::uint32_t> names_;  // source: the client, destination: the remote end
  AgingTable<FlowKey, bool> earlier_;         // names that were replaced, which the ports hold
};

}  // namespace pcapml
