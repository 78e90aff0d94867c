// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace pcapml {

/// IANA protocol numbers that the header walk tells apart.
enum IpProtocol : std::uint8_t {
  kProtocolHopByHop = 0,
  kProtocolIcmp = 1,
  kProtocolIpv4 = 4,  ///< RFC 2003: IP within IP
  kProtocolTcp = 6,
  kProtocolUdp = 17,
  kProtocolIpv6 = 41,  ///< RFC 2473
  kProtocolRouting = 43,
  kProtocolFragment = 44,
  kProtocolGre = 47,
  kProtocolAuthentication = 51,
  kProtocolIcmpv6 = 58,
  kProtocolNone = 59,
  kProtocolDestination = 60,
  kProtocolSctp = 132,
  kProtocolUdpLite = 136,
};

/// The fixed part of a transport header: bytes; length 0 where the protocol is not one that we know.
struct TransportShape {
  std::uint8_t length = 0;
  bool has_ports = false;
  std::uint8_t checksum_offset = 0;
  std::uint8_t checksum_length = 0;  ///< 0: no checksum that a network card would compute
};

constexpr TransportShape transport_shape(std::uint8_t protocol) {
  switch (protocol) {
    case kProtocolTcp:  // RFC 9293, 3.1
      return {20, true, 16, 2};
    case kProtocolUdp:      // RFC 768
    case kProtocolUdpLite:  // RFC 3828, 3.1
      return {8, true, 6, 2};
    case kProtocolSctp:  // RFC 9260, 3.1
      return {12, true, 8, 4};
    case kProtocolIcmp:    // RFC 792
    case kProtocolIcmpv6:  // RFC 4443, 2.1 and the four bytes that each message starts with
      return {8, false, 0, 0};
    default: return {};
  }
}

}  // namespace pcapml
