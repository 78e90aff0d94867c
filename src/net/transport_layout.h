// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "net/internet_checksum.h"
#include "pcapml/bytes.h"

namespace pcapml {

/// Where the parts of a packet lie that segmentation and checksums touch, whatever its length fields say.
/// Offsets count from the IP header. Borrows.
struct TransportLayout {
  std::uint8_t version = 0;  ///< 4 or 6
  std::uint8_t protocol = 0;
  bool is_fragment = false;  ///< then there is no transport
  /// The 8-byte hop-by-hop header stands there by which Linux marks superpackets above 65,535 bytes.
  bool has_jumbogram_header = false;
  bool has_transport = false;  ///< TCP, UDP, UDP-Lite or SCTP, its whole header captured
  std::uint32_t transport = 0;
  std::uint32_t payload = 0;
  Bytes source, destination;  ///< of the pseudo-header: behind a routing header, its last destination

  /// Sum over the pseudo-header (RFC 9293, 3.1; RFC 8200, 8.1) for a transport of this many bytes.
  InternetSum pseudo_header(std::uint32_t transport_length) const;
};

/// nullopt where the packet is not IP, contradicts itself, or ends within its headers.
std::optional<TransportLayout> find_transport(Bytes packet);

}  // namespace pcapml
