// SPDX-License-Identifier: Apache-2.0
#include "format/pcap_writer.h"

#include <fmt/format.h>

#include <limits>

#include "format/pcap.h"
#include "format/store.h"
#include "pcapml/error.h"

namespace pcapml {
namespace {

constexpr auto kOrder = ByteOrder::little;

std::byte* store_header(std::byte* at, const PcapShape& shape) {
  at = store(at, shape.nano ? kPcapNano : kPcapMicro, kOrder);
  at = store(at, std::uint16_t{2}, kOrder);
  at = store(at, std::uint16_t{4}, kOrder);
  at = store(at, std::uint64_t{0}, kOrder);  // zone and sigfigs
  at = store(at, shape.snap_length, kOrder);
  std::uint32_t link = shape.link_type;
  if (shape.fcs_bits >= 16)  // the field counts units of 16 bits
    link |= kPcapFcsPresent | static_cast<std::uint32_t>(shape.fcs_bits / 16) << kPcapFcsShift;
  return store(at, link, kOrder);
}

}  // namespace

PcapShape pcap_shape(const Interface& interface) {
  return {interface.link_type, interface.snap_length, interface.fcs_bits,
          interface.resolution.finer_than_micro()};
}

PcapWriter::PcapWriter(Appender& out, const PcapShape& shape) : out_(out), nano_(shape.nano) {
  store_header(out_.append(kPcapHeaderSize), shape);
}

void PcapWriter::packet(std::int64_t timestamp_ns, std::uint32_t original_length, Bytes data) {
  const std::int64_t seconds = timestamp_ns / 1'000'000'000;
  if (timestamp_ns < 0 || seconds > std::numeric_limits<std::uint32_t>::max())
    throw DataError(fmt::format(
        "a packet's time ({} ns since 1970) cannot stand in a pcap file; use --format pcapng", timestamp_ns));
  const auto fraction = static_cast<std::uint32_t>(timestamp_ns % 1'000'000'000);
  std::byte* at = out_.append(kPcapRecordSize + data.size());
  at = store(at, static_cast<std::uint32_t>(seconds), kOrder);
  at = store(at, nano_ ? fraction : fraction / 1000, kOrder);
  at = store(at, static_cast<std::uint32_t>(data.size()), kOrder);
  at = store(at, original_length, kOrder);
  store(at, data);
}

}  // namespace pcapml
