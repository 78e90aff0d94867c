// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "pcapml/headers.h"

namespace pcapml {

/// What makes a packet the same packet in another capture: without link layer, padding and FCS.
///
/// Of an IP packet, its bytes from the first of the IP header on; of any other packet, the frame. Two
/// captures agree on it whatever their framing (Ethernet, VLAN tags, cooked, raw) and their padding. They do
/// not agree where one holds less than the fixed IP header, as nobody can then tell that it is IP. Borrows
/// the packet's bytes.
struct PacketContent {
  /// A range in the content that does not count: an IPv4 header checksum, or that of TCP, UDP, UDP-Lite or
  /// SCTP, which network cards fill in on the way. May lie beyond the captured bytes. length 0: none.
  struct Gap {
    std::uint32_t offset = 0;
    std::uint32_t length = 0;
  };

  Bytes bytes;               ///< as far as it was captured
  std::uint32_t length = 0;  ///< of the whole: the IP packet's own length, or the frame's original length
  std::array<Gap, 2> gaps{};
  bool is_ip = false;

  bool is_complete() const { return bytes.size() >= length; }
};

/// `headers` is what parse_headers said of `packet`, `original_length` the frame's length on the wire. An IP
/// packet that does not tell its length (total length 0: segmentation offload) ends where the frame ends.
PacketContent packet_content(const std::optional<Headers>& headers, Bytes packet,
                             std::uint32_t original_length);

/// The same, with a header walk of its own.
PacketContent packet_content(std::uint16_t link_type, Bytes packet, std::uint32_t original_length);

/// Equal for equal content; 128 bits, so that unequal content does not meet by chance. Not keyed, and of
/// this machine's byte order: for memory, not for files.
struct ContentHash {
  std::uint64_t low = 0, high = 0;

  auto operator<=>(const ContentHash&) const = default;
};

inline constexpr std::size_t kWholeContent = static_cast<std::size_t>(-1);

/// Hashes the whole's length and the first `prefix_length` captured bytes, or as many as there are. A packet
/// that a snap length cut, and its full twin, hash equally at any prefix that both hold, from the fixed IP
/// header's 20 or 40 bytes on.
ContentHash hash_content(const PacketContent& content, std::size_t prefix_length = kWholeContent);

}  // namespace pcapml
