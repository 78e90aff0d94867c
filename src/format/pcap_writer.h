// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "io/appender.h"
#include "pcapml/packet.h"

namespace pcapml {

/// What the header of a pcap file says about all of its packets.
struct PcapShape {
  std::uint16_t link_type = 0;
  std::uint32_t snap_length = 0;
  std::uint8_t fcs_bits = 0;
  bool nano = false;  ///< times in nanoseconds

  bool operator==(const PcapShape&) const = default;
};

/// The shape that holds the packets of one interface.
PcapShape pcap_shape(const Interface& interface);

/// Writes a little-endian pcap 2.4 file. Borrows what it appends to. Packets are written as they are;
/// DataError for a time that 32-bit seconds cannot hold.
class PcapWriter {
 public:
  PcapWriter(Appender& out, const PcapShape& shape);
  /// Goes on with a file whose header is written already.
  static PcapWriter continued(Appender& out, bool nano) { return {nano, out}; }

  bool is_nano() const { return nano_; }
  void packet(std::int64_t timestamp_ns, std::uint32_t original_length, Bytes data);

 private:
  PcapWriter(bool nano, Appender& out) : out_(out), nano_(nano) {}

  Appender& out_;
  bool nano_;
};

}  // namespace pcapml
