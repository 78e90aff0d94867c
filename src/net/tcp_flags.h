// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace pcapml {

/// Control bits (RFC 9293, 3.1).
inline constexpr std::uint8_t kTcpFin = 0x01, kTcpSyn = 0x02, kTcpRst = 0x04, kTcpAck = 0x10;

}  // namespace pcapml
