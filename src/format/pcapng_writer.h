// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "io/appender.h"
#include "pcapml/packet.h"

namespace pcapml {

/// A packet's options with one comment replaced, added or taken out. Borrows.
struct PacketOptions {
  Bytes before;              ///< encoded options that come first
  std::string_view comment;  ///< written as a comment where not empty
  Bytes after;               ///< encoded options that come last
};

/// Writes pcapng blocks, each section in the byte order that it is given. Borrows what it appends to.
///
/// Options and block bodies that are passed encoded have to be in the byte order of the current section.
/// Throws what appending throws; DataError for a comment above 65,535 bytes.
class PcapngWriter {
 public:
  explicit PcapngWriter(Appender& out) : out_(out) {}
  /// Goes on with a section whose header, and so many of whose interfaces, are written already.
  PcapngWriter(Appender& out, ByteOrder order, std::uint32_t interfaces = 0)
      : out_(out), order_(order), interfaces_(interfaces) {}

  /// Begins a section of unspecified length (draft, section 4.1).
  void section(ByteOrder order, Bytes options);
  /// Describes an interface; its number in the section is the count of those before it.
  void interface(const Interface& interface);
  /// Writes any packet as an Enhanced Packet Block (draft, section 4.3).
  void packet(std::uint32_t interface_id, const PacketView& packet, const PacketOptions& options);
  /// Copies a block.
  void block(std::uint32_t type, Bytes body);

  ByteOrder order() const { return order_; }
  std::uint32_t interface_count() const { return interfaces_; }

 private:
  std::byte* begin_block(std::uint32_t type, std::size_t body_size);

  Appender& out_;
  ByteOrder order_ = ByteOrder::little;
  std::uint32_t interfaces_ = 0;
};

}  // namespace pcapml
