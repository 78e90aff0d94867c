// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>

#include <cstring>
#include <utility>

#include "net/mix.h"
#include "pcapml/headers.h"

namespace pcapml {
namespace {

std::pair<std::uint64_t, std::uint64_t> words(const IpAddress& address) {
  std::pair<std::uint64_t, std::uint64_t> result;
  std::memcpy(&result.first, address.bytes.data(), 8);
  std::memcpy(&result.second, address.bytes.data() + 8, 8);
  return result;
}

}  // namespace

std::string to_string(const IpAddress& address) {
  if (address.version == 0) return {};
  char text[INET6_ADDRSTRLEN];
  inet_ntop(address.version == 4 ? AF_INET : AF_INET6, address.bytes.data(), text, sizeof text);
  return text;
}

bool FlowKey::is_canonical() const {
  if (source == destination) return source_port <= destination_port;
  if (source.bytes != destination.bytes) return source.bytes < destination.bytes;
  return source.version < destination.version;
}

// The constants are random, odd and distinct, so that exchanging the two ends gives another hash.
std::size_t FlowKeyHash::operator()(const FlowKey& key) const noexcept {
  const auto [source_head, source_tail] = words(key.source);
  const auto [destination_head, destination_tail] = words(key.destination);
  const std::uint64_t rest = std::uint64_t{key.source_port} << 32 |
                             std::uint64_t{key.destination_port} << 16 | std::uint64_t{key.protocol} << 8 |
                             key.source.version;
  const std::uint64_t heads = mix(source_head ^ 0x8d7f3b91c2e64a1d, destination_head ^ 0x5be0c94f17a2d863);
  const std::uint64_t tails = mix(source_tail ^ 0xc31a6e0d94b7f52b, destination_tail ^ 0x2f96d4e85b1c7a39);
  return mix(heads ^ rest, tails ^ 0xe4b15c7a3f0d9287);
}

}  // namespace pcapml
