// SPDX-License-Identifier: Apache-2.0
#include "dataset/sample_capture.h"

#include <vector>

#include "format/block.h"
#include "format/store.h"
#include "format/transcode.h"
#include "pcapml/cursor.h"

namespace pcapml {

SamplePcapng::SamplePcapng(SampleFile& file, const Section& section) : writer_(file) {
  writer_.section(section.order, section.options);
}

void SamplePcapng::packet(const PacketView& packet, const Interface& interface, BlockSpool& blocks) {
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

void SamplePcapng::write_blocks(BlockSpool& blocks) {
  if (blocks_written_ == blocks.end()) return;
  blocks.for_each(
      [this](const BlockView& block, std::uint32_t) {
        if (block.type != kInterfaceStatistics) write(block, 0);
      },
      blocks_written_);
  blocks_written_ = blocks.end();
}

void SamplePcapng::write(const BlockView& block, std::uint32_t interface_shift) {
  const Transcoded transcoded = transcode_block(block, writer_.order(), interface_shift);
  is_opaque_ = is_opaque_ || transcoded.opaque;
  writer_.block(block.type, transcoded.bytes);
}

/// An Interface Statistics Block begins with the number of its interface (draft, section 4.6).
void SamplePcapng::write_statistics(const BlockView& block, std::uint32_t first_interface) {
  const std::uint32_t number = Cursor(block.body, block.order).u32();
  const auto it = interfaces_.find(first_interface + number);
  if (it == interfaces_.end()) return;
  write(block, it->second - number);  // modulo 2^32, as it is added there
}

void SamplePcapng::finish(BlockSpool& blocks) {
  write_blocks(blocks);
  blocks.for_each([this](const BlockView& block, std::uint32_t first_interface) {
    if (block.type == kInterfaceStatistics) write_statistics(block, first_interface);
  });
}

SamplePcapng::SamplePcapng(SampleFile& file, StateReader& state)
    : writer_{file, state.take<ByteOrder>(), state.take<std::uint32_t>()},  // braces: in this order
      blocks_written_(state.take<std::uint64_t>()),
      is_opaque_(state.take<bool>()) {
  for (std::uint32_t i = 0; i < writer_.interface_count(); ++i)
    interfaces_.emplace(state.take<std::uint32_t>(), i);
}

void SamplePcapng::save(StateWriter& state) const {
  state.put(writer_.order());
  state.put(writer_.interface_count());
  state.put(blocks_written_);
  state.put(is_opaque_);
  std::vector<std::uint32_t> by_number(interfaces_.size());
  for (const auto& [reader_number, number] : interfaces_) by_number[number] = reader_number;
  for (const std::uint32_t reader_number : by_number) state.put(reader_number);
}

}  // namespace pcapml
