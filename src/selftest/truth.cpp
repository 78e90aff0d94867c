// SPDX-License-Identifier: Apache-2.0
#include "selftest/truth.h"

#include <algorithm>

#include "net/ip_protocol.h"
#include "net/tcp_flags.h"
#include "pcapml/headers.h"
#include "selftest/words.h"

namespace pcapml::selftest {
namespace {

constexpr std::uint8_t kEchoRequest4 = 8, kEchoRequest6 = 128;

}  // namespace

std::string content_of(Bytes packet) {
  const auto headers = parse_headers(kLinkRaw, packet);
  if (!headers) return {};
  std::string content(as_text(packet));
  const TransportShape shape = transport_shape(headers->flow.protocol);
  const std::size_t at = headers->transport_offset + shape.checksum_offset;
  if (headers->has_transport && at + shape.checksum_length <= content.size())
    std::fill_n(content.begin() + static_cast<std::ptrdiff_t>(at), shape.checksum_length, '\0');
  return content;
}

void Truth::add(const std::vector<End>& ends) {
  for (const End& end : ends) owners_[{end.local, end.remote}] = end.owner;
}

const std::string* Truth::owner(std::uint16_t local, std::uint16_t remote) const {
  auto found = owners_.find({local, remote});
  if (found == owners_.end()) found = owners_.find({local, std::uint16_t{0}});
  return found == owners_.end() ? nullptr : &found->second;
}

Truth::Packet Truth::judge(Bytes packet) {
  Packet result;
  const auto headers = parse_headers(kLinkRaw, packet);
  if (!headers) return result;
  result.content = content_of(packet);
  const FlowKey& flow = headers->flow;
  if (flow.protocol == kProtocolTcp) {
    const std::string* sender = owner(flow.source_port, flow.destination_port);
    const std::string* receiver = owner(flow.destination_port, flow.source_port);
    if (sender == nullptr || receiver == nullptr) return result;
    result.kind = kind_of(*sender);
    const auto connection = std::minmax(flow.source_port, flow.destination_port);
    if (reset_.count(connection) != 0) {  // the sockets are gone
      result.without_socket = 2;
      return result;
    }
    if ((headers->tcp_flags & kTcpRst) != 0) reset_.insert(connection);
    result.ends = {{result.content, 'e', {*sender}}, {result.content, 'i', {*receiver}}};
    return result;
  }
  const auto spoken = parse_word(as_text(packet.subspan(headers->payload_offset)));
  if (!spoken) return result;
  result.kind = kind_of(spoken->sender);
  const bool is_icmp = flow.protocol == kProtocolIcmp || flow.protocol == kProtocolIcmpv6;
  const std::uint8_t type = is_icmp ? std::to_integer<std::uint8_t>(packet[headers->transport_offset]) : 0;
  const bool is_request = is_icmp && (type == kEchoRequest4 || type == kEchoRequest6);
  const bool is_reply = is_icmp && !is_request;
  // The kernel receives requests and sends replies without a socket that would be anybody's.
  if (!is_reply) result.ends.push_back({result.content, 'e', {spoken->sender}});
  if (!is_request) result.ends.push_back({result.content, 'i', spoken->receivers});
  result.without_socket = is_icmp ? 1 : 0;
  return result;
}

}  // namespace pcapml::selftest
