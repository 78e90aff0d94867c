// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>

#include "dataset/block_spool.h"
#include "dataset/sample_files.h"
#include "dataset/saved_state.h"
#include "format/pcapng_writer.h"
#include "pcapml/reader.h"

namespace pcapml {

/// One pcapng file of a split. It has the interfaces that its packets use, and all blocks that are no
/// packets, because packets may depend on them.
class SamplePcapng {
 public:
  SamplePcapng(SampleFile& file, const Section& section);
  /// Goes on with a file from what save() wrote.
  SamplePcapng(SampleFile& file, StateReader& state);
  void save(StateWriter& state) const;

  /// `interface` is described when first used. Blocks that came since the last call go before the packet.
  void packet(const PacketView& packet, const Interface& interface, BlockSpool& blocks);
  /// The blocks that came last, and the statistics of its interfaces.
  void finish(BlockSpool& blocks);
  /// Whether something of unknown meaning came from a section of the other byte order.
  bool is_opaque() const { return is_opaque_; }

 private:
  void write_blocks(BlockSpool& blocks);
  void write_statistics(const BlockView& block, std::uint32_t first_interface);
  void write(const BlockView& block, std::uint32_t interface_shift);

  PcapngWriter writer_;
  std::map<std::uint32_t, std::uint32_t> interfaces_;  // number in the reader -> number here
  std::uint64_t blocks_written_ = 0;                   // up to here in the spool
  bool is_opaque_ = false;
};

}  // namespace pcapml
