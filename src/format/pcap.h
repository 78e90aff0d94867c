// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace pcapml {

/// Magic numbers and the link type field (draft-ietf-opsawg-pcap, section 4).
inline constexpr std::uint32_t kPcapMicro = 0xa1b2c3d4;
inline constexpr std::uint32_t kPcapNano = 0xa1b23c4d;
/// Alexey Kuznetzov's variant: 8 more bytes (interface, protocol, packet type) in each packet header.
inline constexpr std::uint32_t kPcapKuznetzov = 0xa1b2cd34;

inline constexpr std::size_t kPcapHeaderSize = 24;
inline constexpr std::size_t kPcapRecordSize = 16;

inline constexpr std::uint32_t kPcapLinkMask = 0x0000ffff;  ///< the bits between are reserved and ignored
inline constexpr std::uint32_t kPcapFcsPresent = 0x04000000;
inline constexpr int kPcapFcsShift = 28;  ///< the FCS length in units of 16 bits

}  // namespace pcapml
