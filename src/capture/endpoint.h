// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arpa/inet.h>

#include <compare>
#include <cstring>

#include "bpf/events.h"
#include "net/mix.h"
#include "pcapml/headers.h"

namespace pcapml {

/// An address and port. A value; the port is in host order.
struct Endpoint {
  IpAddress address;
  std::uint16_t port = 0;

  auto operator<=>(const Endpoint&) const = default;
  explicit operator bool() const { return address.version != 0; }
};

inline Endpoint endpoint_of(const pcapml_endpoint& from) {
  Endpoint end;
  if (from.family == AF_INET) {
    end.address.version = 4;
    std::memcpy(end.address.bytes.data(), from.address, 4);
  } else if (from.family == AF_INET6) {
    end.address.version = 6;
    std::memcpy(end.address.bytes.data(), from.address, 16);
  }
  end.port = ntohs(from.port);
  return end;
}

/// Whether a socket came of a listening one, whose record it then has.
inline bool is_accepted(const pcapml_owner& owner, std::uint64_t cookie) {
  return owner.cookie != 0 && owner.cookie != cookie;
}

/// Of an endpoint and a number beside it.
struct EndpointHash {
  std::size_t operator()(const Endpoint& end, std::uint64_t number) const noexcept {
    return mix(FlowKeyHash{}({end.address, {}, end.port, 0, 0}), number ^ 0xc31a6e0d94b7f52b);
  }
};

inline bool is_unspecified(const IpAddress& address) { return address.bytes == decltype(address.bytes){}; }

}  // namespace pcapml
