// SPDX-License-Identifier: Apache-2.0
// Reads any bytes as a capture, writes it again as it is and in the other byte order, and back.
#include "capture_checks.h"
#include "format/pcapng_writer.h"
#include "format/transcode.h"

using namespace pcapml;

namespace {

ByteOrder other(ByteOrder order) { return order == ByteOrder::little ? ByteOrder::big : ByteOrder::little; }

/// What has only known meaning is the same again after two turns; the length never changes.
void check_transcoding(OptionsView options, OptionScope scope) {
  const Transcoded there = transcode_options(options, scope, other(options.order()));
  fuzz::expect(there.bytes.size() == options.encoded().size());
  const OptionsView turned(there.bytes, other(options.order()));
  fuzz::check_options(turned);
  const Transcoded back = transcode_options(turned, scope, options.order());
  fuzz::expect(back.bytes == std::vector(options.encoded().begin(), options.encoded().end()));
}

void check_transcoding(const BlockView& block) {
  const std::vector<std::byte> body(block.body.begin(), block.body.end());
  const Transcoded there = transcode_block(block, other(block.order), 0);
  fuzz::expect(there.bytes.size() == body.size());
  if (!there.opaque)
    fuzz::expect(transcode_block({block.type, other(block.order), there.bytes, 0}, block.order, 0).bytes ==
                 body);
  fuzz::expect(transcode_block(block, block.order, 0).bytes == body);
  fuzz::expect(transcode_block(block, other(block.order), 7).bytes.size() == body.size());
}

std::vector<std::byte> rewritten(Bytes input, bool turn) {
  fuzz::Bin out;
  PcapngWriter writer(out);
  fuzz::for_each_record(input, {}, [&](const Reader& reader, const Record& record) {
    const ByteOrder from = reader.sections().back().order;
    const ByteOrder to = turn ? other(from) : from;
    const PacketView& packet = record.packet;
    switch (record.kind) {
      case Record::Kind::section:
        check_transcoding(reader.sections().back().options_view(), OptionScope::section);
        return writer.section(
            to, transcode_options(reader.sections().back().options_view(), OptionScope::section, to).bytes);
      case Record::Kind::interface:
        check_transcoding(reader.interfaces().back().options_view(), OptionScope::interface);
        return writer.interface(transcode_interface(reader.interfaces().back(), to).interface);
      case Record::Kind::packet:
        check_transcoding(packet.options, OptionScope::packet);
        return writer.packet(packet.interface_id, packet,
                             {transcode_options(packet.options, OptionScope::packet, to).bytes, {}, {}});
      case Record::Kind::block:
        check_transcoding(record.block);
        return writer.block(record.block.type, transcode_block(record.block, to, 0).bytes);
    }
  });
  return out.bytes;
}

std::vector<std::int64_t> times(Bytes input) {
  std::vector<std::int64_t> result;
  // What was written is right already; split times must not be looked for again.
  fuzz::for_each_record(input, {}, [&](const Reader&, const Record& record) {
    if (record.kind == Record::Kind::packet) result.push_back(record.packet.timestamp_ns);
  });
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes input = std::as_bytes(std::span(data, size));
  fuzz::check_reading(input);
  const std::vector<std::byte> once = rewritten(input, false);
  fuzz::expect(times(once) == times(input));
  fuzz::expect(rewritten(once, false) == once);
  fuzz::expect(times(rewritten(input, true)) == times(input));
  return 0;
}
