// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace pcapml {

/// Block types (pcapng draft, section 11.1).
enum BlockType : std::uint32_t {
  kInterfaceDescription = 1,
  kObsoletePacket = 2,
  kSimplePacket = 3,
  kNameResolution = 4,
  kInterfaceStatistics = 5,
  kEnhancedPacket = 6,
  kJournalExport = 9,
  kDecryptionSecrets = 10,
  kCustom = 0x00000bad,
  kCustomNoCopy = 0x40000bad,
  kSectionHeader = 0x0a0d0d0a,
};

/// How a section's comment begins that names the host, for which there is no option.
inline constexpr std::string_view kHostComment = "host: ";

/// Option codes (pcapng draft, sections 3.5, 4.1 to 4.7).
enum OptionCode : std::uint16_t {
  kEndOfOptions = 0,
  kComment = 1,
  kCustomTextCopy = 2988,
  kCustomBinaryCopy = 2989,
  kCustomText = 19372,
  kCustomBinary = 19373,

  kSectionHardware = 2,
  kSectionOs = 3,
  kSectionApplication = 4,

  kInterfaceName = 2,
  kInterfaceDescriptionText = 3,
  kInterfaceIpv4 = 4,
  kInterfaceIpv6 = 5,
  kInterfaceMac = 6,
  kInterfaceEui = 7,
  kInterfaceSpeed = 8,
  kInterfaceResolution = 9,
  kInterfaceTimeZone = 10,
  kInterfaceFilter = 11,
  kInterfaceOs = 12,
  kInterfaceFcsLength = 13,
  kInterfaceTimeOffset = 14,
  kInterfaceHardware = 15,
  kInterfaceTransmitSpeed = 16,
  kInterfaceReceiveSpeed = 17,
  kInterfaceTimeZoneName = 18,
  kInterfaceTimeOffsetNs = 19,

  kPacketFlags = 2,
  kPacketHash = 3,
  kPacketDropCount = 4,
  kPacketId = 5,
  kPacketQueue = 6,
  kPacketVerdict = 7,
  kPacketProcessThread = 8,

  kResolverName = 2,
  kResolverIpv4 = 3,
  kResolverIpv6 = 4,

  kStatisticsStart = 2,
  kStatisticsEnd = 3,
  kStatisticsReceived = 4,
  kStatisticsDropped = 5,
  kStatisticsFilterAccepted = 6,
  kStatisticsOsDropped = 7,
  kStatisticsDelivered = 8,
};

/// Wireshark's Private Enterprise Number, under which it has process information (doc/format.md).
inline constexpr std::uint32_t kWiresharkEnterprise = 32622;

inline constexpr std::uint32_t kByteOrderMagic = 0x1a2b3c4d;
inline constexpr std::size_t kBlockOverhead = 12;  ///< type, length, length again
inline constexpr std::size_t kMaxOptionLength = 0xffff;

constexpr std::size_t padded(std::size_t n) { return (n + 3) & ~std::size_t{3}; }

/// A block's name for messages: "Custom Block", "block of type 0x...".
std::string block_name(std::uint32_t type);

}  // namespace pcapml
