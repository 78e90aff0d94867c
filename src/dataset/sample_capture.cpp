// SPDX-License-Identifier: Apache-2.0
#include "dataset/sample_capture.h"

#include "format/block.h"
#include "format/store.h"
#include "format/transcode.h"
#include "pcapml/cursor.h"

namespace pcapml {

SamplePcapng::SamplePcapng(SampleFile& file, const Section& section) : writer_(file) {
  writer_.section(section.order, section.options);
}

void SamplePcapng::packet(const PacketView& packet, const Interface& interface,
                          const std::vector<SharedBlock>& blocks) {
  const auto [it, is_new] = interfaces_.try_emplace(packet.interface, writer_.interface_count());
  if (is_new) {
    const TranscodedInterface transcoded = transcode_interface(interface, writer_.order());
    is_opaque_ = is_opaque_ || transcoded.opaque;
    writer_.interface(transcoded.interface);
  }
  write_blocks(blocks);
  if (packet.options.empty() || packet.options.order() == writer_.order())
    return writer_.packet(it->second, packet, {{}, {}, packet.options.encoded()});
  const Transcoded options = transcode_options(packet.options, OptionScope::packet, writer_.order());
  is_opaque_ = is_opaque_ || options.opaque;
  writer_.packet(it->second, packet, {{}, {}, options.bytes});
}

void SamplePcapng::write_blocks(const std::vector<SharedBlock>& blocks) {
  for (; blocks_written_ < blocks.size(); ++blocks_written_) {
    const SharedBlock& block = blocks[blocks_written_];
    if (block.type != kInterfaceStatistics) write(block, 0);
  }
}

void SamplePcapng::write(const SharedBlock& block, std::uint32_t interface_shift) {
  const Transcoded transcoded =
      transcode_block({block.type, block.order, block.body, 0}, writer_.order(), interface_shift);
  is_opaque_ = is_opaque_ || transcoded.opaque;
  writer_.block(block.type, transcoded.bytes);
}

/// An Interface Statistics Block begins with the number of its interface (draft, section 4.6).
void SamplePcapng::write_statistics(const SharedBlock& block) {
  const std::uint32_t number = Cursor(block.body, block.order).u32();
  const auto it = interfaces_.find(block.first_interface + number);
  if (it == interfaces_.end()) return;
  write(block, it->second - number);  // modulo 2^32, as it is added there
}

void SamplePcapng::finish(const std::vector<SharedBlock>& blocks) {
  write_blocks(blocks);
  for (const SharedBlock& block : blocks)
    if (block.type == kInterfaceStatistics) write_statistics(block);
}

}  // namespace pcapml
