// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "pcapml/packet.h"

namespace pcapml {

/// Whether packets of this link type begin with an IP header.
bool is_raw_ip(std::uint16_t link_type);

/// The interface as it looks with a synthetic Ethernet header before raw IP packets.
Interface with_ethernet(const Interface& interface);

/// Puts a synthetic Ethernet header (locally administered addresses 02:00:00:00:00:01 to ...:02) before raw
/// IP packets, because many learning tools read nothing else. Packets of other link types pass unchanged.
class SyntheticEthernet {
 public:
  /// Valid until the next call and as long as the packet.
  PacketView apply(const Interface& interface, const PacketView& packet);

 private:
  std::vector<std::byte> frame_;
};

}  // namespace pcapml
