// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "dataset/sample_files.h"
#include "format/pcap_writer.h"
#include "format/pcapng_writer.h"
#include "pcapml/reader.h"

namespace pcapml {

/// A block that every pcapng file of a split carries, because packets may depend on it.
struct SharedBlock {
  std::uint32_t type;
  ByteOrder order;
  std::vector<std::byte> body;
  std::uint32_t first_interface;  ///< of its section, among the reader's
};

/// One pcapng file of a split. It has the interfaces that its packets use, and all shared blocks.
class SamplePcapng {
 public:
  SamplePcapng(SampleFile& file, const Section& section);

  /// `interface` is described when first used. Blocks that came since the last call go before the packet.
  void packet(const PacketView& packet, const Interface& interface, const std::vector<SharedBlock>& blocks);
  /// The blocks that came last, and the statistics of its interfaces.
  void finish(const std::vector<SharedBlock>& blocks);
  /// Whether something of unknown meaning came from a section of the other byte order.
  bool is_opaque() const { return is_opaque_; }

 private:
  void write_blocks(const std::vector<SharedBlock>& blocks);
  void write_statistics(const SharedBlock& block);
  void write(const SharedBlock& block, std::uint32_t interface_shift);

  PcapngWriter writer_;
  std::map<std::uint32_t, std::uint32_t> interfaces_;  // number in the reader -> number here
  std::size_t blocks_written_ = 0;
  bool is_opaque_ = false;
};

}  // namespace pcapml
