// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "net/transport_layout.h"
#include "pcapml/bytes.h"

namespace pcapml {

/// A packet as the wire has it. Borrows.
struct WirePacket {
  Bytes data;                         ///< begins at the IP header; no more than the snap length
  std::uint32_t original_length = 0;  ///< bytes of the whole IP packet
};

/// Undoes what offloading hides: segmentation (GSO, TSO, GRO), and checksums that a device would fill in.
///
/// Segments are those that Linux makes where a device cannot (tcp_gso_segment(), __udp_gso_segment(),
/// inet_gso_segment()): lengths, sequence numbers, IPv4 identifications, flags and checksums are what a
/// receiver sees. Checksums cover whole packets; the snap length cuts afterwards.
///
/// Linux leaves a checksum to the device as the sum over the pseudo-header, folded and not inverted
/// (CHECKSUM_PARTIAL), and SCTP's as 0. Only these are filled in: a complete checksum stays as it is, right
/// or wrong, and so does UDP's 0 of IPv4. Not thread-safe. Throws nothing but std::bad_alloc.
class Offload {
 public:
  /// Since the beginning.
  struct Counts {
    std::uint64_t superpackets = 0;  ///< records that became several packets
    std::uint64_t unfilled = 0;      ///< packets whose checksum needs payload that was not captured
    std::uint64_t cut = 0;           ///< packets with payload missing within the snap length
    std::uint64_t malformed = 0;     ///< records that are no valid IP, or cannot be cut: left as they are
  };

  /// Keeps at most snap_length bytes of each packet.
  explicit Offload(std::uint32_t snap_length) : snap_length_(snap_length) {}

  /// A record of the kernel as the packets of the wire, at least one.
  ///
  /// `captured` begins at the IP header and may be a prefix of the record, which has `length` bytes. gso_size
  /// is the payload of each packet on the wire, 0 where the record is one packet. fixed_id is the kernel's
  /// SKB_GSO_TCP_FIXEDID: all segments have the same IPv4 identification. Where payload was not captured, all
  /// packets come nevertheless, with their headers and original lengths; a checksum that cannot be known
  /// stays the sum over the pseudo-header. Where `piece` is not 0, `captured` consists of pieces of this
  /// size, from byte 0, gso_size, 2 * gso_size ... of the record on, the last one perhaps shorter. The result
  /// dies at the next call, and with `captured`.
  std::span<const WirePacket> wire_packets(Bytes captured, std::uint32_t length, std::uint32_t gso_size,
                                           bool fixed_id = false, std::uint32_t piece = 0);

  const Counts& counts() const { return counts_; }

 private:
  void keep_whole(Bytes captured, std::uint32_t length);
  void fill_in(const TransportLayout& layout, Bytes captured, std::uint32_t length);
  bool cut_up(const TransportLayout& layout, Bytes captured, std::uint32_t length, std::uint32_t gso_size,
              bool fixed_id, std::uint32_t piece);
  std::byte* room(std::size_t size);
  void add(Bytes data, std::size_t original_length);

  std::uint32_t snap_length_;
  Counts counts_;
  std::vector<WirePacket> packets_;
  std::vector<std::byte> buffer_;
};

}  // namespace pcapml
