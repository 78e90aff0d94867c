// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "dataset/block_spool.h"
#include "format/pcapng_writer.h"
#include "pcapml/reader.h"

namespace pcapml {

/// A capture whose sections were read to the end. Borrows.
struct ReadCapture {
  const Reader& reader;
  BlockSpool& blocks;
};

/// Makes one pcapng section of all the sections of some captures.
///
/// The section has the byte order of the first one. Interfaces come first, then the blocks that packets may
/// depend on (names, secrets, processes, ...), then the packets, then the statistics.
class JoinedSection {
 public:
  JoinedSection(PcapngWriter& writer, std::vector<ReadCapture> inputs)
      : writer_(writer), inputs_(std::move(inputs)) {}

  /// Everything before the packets. Warnings name what could not be carried over to another byte order.
  void begin(std::vector<std::string>& warnings);
  /// A packet of an input, with a comment in place of its label; an empty one takes the label out.
  void packet(const PacketView& packet, std::uint32_t input, const PacketOptions& options);
  /// The statistics.
  void end(std::vector<std::string>& warnings);

 private:
  std::vector<std::byte> section_options() const;
  void write_blocks(bool statistics, std::vector<std::string>& warnings);

  PcapngWriter& writer_;
  std::vector<ReadCapture> inputs_;
  ByteOrder order_ = ByteOrder::little;
  std::vector<std::uint32_t> interface_bases_;  // of each input
};

/// Writes a packet of any byte order into a section; options of the other order are turned round.
void write_transcoded(PcapngWriter& writer, std::uint32_t interface, const PacketView& packet,
                      const PacketOptions& options);

}  // namespace pcapml
