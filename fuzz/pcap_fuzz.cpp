// SPDX-License-Identifier: Apache-2.0
// Reads any bytes as a capture, and writes a pcap's packets again: what is written reads the same.
#include <cstdlib>

#include "capture_checks.h"
#include "format/pcap_writer.h"

using namespace pcapml;

namespace {

/// The packets as a pcap file again, as far as they fit into one.
std::vector<std::byte> rewritten(Bytes input) {
  fuzz::Bin out;
  std::optional<PcapWriter> writer;
  fuzz::for_each_record(input, {}, [&](const Reader& reader, const Record& record) {
    if (reader.format() != FileFormat::pcap) return;
    if (record.kind == Record::Kind::interface) writer.emplace(out, pcap_shape(reader.interfaces()[0]));
    if (record.kind != Record::Kind::packet) return;
    const PacketView& packet = record.packet;
    try {
      writer->packet(packet.timestamp_ns, packet.original_length, packet.data);
    } catch (const DataError&) {
      // a fraction beyond one second may carry the seconds beyond 32 bits
    }
  });
  return out.bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes input = std::as_bytes(std::span(data, size));
  fuzz::check_reading(input);
  const std::vector<std::byte> once = rewritten(input);
  if (rewritten(once) != once) std::abort();
  return 0;
}
