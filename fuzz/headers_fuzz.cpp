// SPDX-License-Identifier: Apache-2.0
// The header walk and the packet content: the first two bytes are the link type, big-endian; where it is
// none that we know, they choose one that we do.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <span>

#include "net/packet_content.h"
#include "pcapml/cursor.h"
#include "pcapml/headers.h"

namespace {

using namespace pcapml;

constexpr LinkType kLinkTypes[] = {kLinkNull, kLinkEthernet, kLinkRaw12, kLinkRaw14, kLinkRaw,
                                   kLinkLoop, kLinkLinuxSll, kLinkIpv4,  kLinkIpv6,  kLinkLinuxSll2};

void require(bool condition) {
  if (!condition) std::abort();
}

void check_offsets(const Headers& headers, Bytes packet) {
  const std::size_t end = std::size_t{headers.network_offset} + headers.ip_captured;
  require(end <= packet.size());
  require(headers.network_offset <= headers.transport_offset);
  require(headers.transport_offset <= headers.payload_offset);
  require(headers.payload_offset <= end);
  require(headers.ip_length == 0 || headers.ip_captured <= headers.ip_length);
  require(!headers.has_transport || headers.payload_offset >= headers.transport_offset + 8);
  require(headers.flow.canonical() == headers.flow.reversed().canonical());
}

// A snap length must not change what a packet hashes to.
void check_cut(std::uint16_t link_type, const Headers& headers, Bytes packet, std::size_t cut) {
  const auto original_length = static_cast<std::uint32_t>(packet.size());
  const auto whole = packet_content(headers, packet, original_length);
  const auto part = packet_content(link_type, packet.first(headers.network_offset + cut), original_length);
  require(part.is_ip);
  if (part.length == whole.length) require(hash_content(part) == hash_content(whole, cut));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Cursor input(std::as_bytes(std::span(data, size)));
  std::uint16_t link_type = input.be16();
  if (!is_known_link_type(link_type)) link_type = kLinkTypes[link_type % std::size(kLinkTypes)];
  const Bytes packet = input.rest();

  const auto headers = parse_headers(link_type, packet);
  const auto content = packet_content(headers, packet, static_cast<std::uint32_t>(packet.size()));
  require(content.bytes.size() <= packet.size());
  hash_content(content);
  if (!headers) return 0;
  check_offsets(*headers, packet);
  const std::size_t fixed = headers->flow.source.version == 4 ? 20 : 40;
  for (std::size_t cut = fixed; cut <= headers->ip_captured && cut < 256; ++cut)
    check_cut(link_type, *headers, packet, cut);
  return 0;
}
