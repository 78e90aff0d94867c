// SPDX-License-Identifier: Apache-2.0
#include "format/synthetic_ethernet.h"

#include <array>
#include <limits>

#include "pcapml/error.h"
#include "pcapml/headers.h"

namespace pcapml {
namespace {

constexpr std::size_t kHeaderSize = 14;
constexpr std::array<unsigned char, kHeaderSize> kHeader = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x08, 0x00};

}  // namespace

bool is_raw_ip(std::uint16_t link_type) {
  return link_type == kLinkRaw || link_type == kLinkRaw12 || link_type == kLinkRaw14 ||
         link_type == kLinkIpv4 || link_type == kLinkIpv6;
}

Interface with_ethernet(const Interface& interface) {
  Interface result = interface;
  if (!is_raw_ip(interface.link_type)) return result;
  result.link_type = kLinkEthernet;
  if (result.snap_length > 0 && result.snap_length <= std::numeric_limits<std::uint32_t>::max() - kHeaderSize)
    result.snap_length += kHeaderSize;
  return result;
}

PacketView SyntheticEthernet::apply(const Interface& interface, const PacketView& packet) {
  if (!is_raw_ip(interface.link_type)) return packet;
  if (packet.original_length > std::numeric_limits<std::uint32_t>::max() - kHeaderSize)
    throw DataError("a packet is too long for an Ethernet header before it");
  const Bytes header = std::as_bytes(std::span{kHeader});
  frame_.assign(header.begin(), header.end());
  const bool ipv6 = !packet.data.empty() && std::to_integer<int>(packet.data[0]) >> 4 == 6;
  if (ipv6) {
    frame_[12] = std::byte{0x86};
    frame_[13] = std::byte{0xdd};
  }
  frame_.insert(frame_.end(), packet.data.begin(), packet.data.end());
  PacketView wrapped = packet;
  wrapped.data = frame_;
  wrapped.original_length += kHeaderSize;
  return wrapped;
}

}  // namespace pcapml
