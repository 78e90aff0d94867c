// SPDX-License-Identifier: Apache-2.0
// Records of the kernel: the payload of each packet in two bytes, the snap length in two, the bytes of the
// record that were not captured in three, then those that were.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "net/offload.h"
#include "pcapml/cursor.h"

namespace {

using namespace pcapml;

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Cursor input(std::as_bytes(std::span(data, size)));
  const std::uint32_t gso_size = input.be16(), snap_length = input.be16();
  const std::uint32_t missing = static_cast<std::uint32_t>(input.u8()) << 16 | input.be16();
  const Bytes captured = input.rest();
  const auto length = static_cast<std::uint32_t>(captured.size()) + missing;

  Offload offload(snap_length);
  const auto packets = offload.wire_packets(captured, length, gso_size);
  const Offload::Counts counts = offload.counts();
  require(!packets.empty());
  require(counts.superpackets == (packets.size() > 1 ? 1U : 0U));
  require(counts.unfilled <= packets.size() && counts.cut <= packets.size());
  std::size_t total = 0, original = 0;
  for (const WirePacket& packet : packets) {
    require(packet.data.size() <= std::min(packet.original_length, snap_length));
    total += packet.data.size();
    original += packet.original_length;
  }
  if (packets.size() == 1) {
    require(original == length && total == std::min<std::size_t>(captured.size(), snap_length));
  } else {
    require(counts.malformed == 0 && original >= length - 8);
  }
  return 0;
}
