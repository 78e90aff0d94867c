// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pcapml/error.h"
#include "pcapml/reader.h"

namespace pcapml::test {

using Owned = std::vector<std::byte>;

inline Owned own(Bytes bytes) { return {bytes.begin(), bytes.end()}; }
inline std::string text_of(Bytes bytes) { return std::string(as_text(bytes)); }

struct OwnedPacket {
  std::int64_t timestamp_ns;
  std::uint64_t ticks;
  std::uint32_t interface, interface_id, original_length;
  Owned data, options;
  std::uint64_t offset;
  bool has_timestamp;
  std::uint16_t drop_count;
};

struct OwnedBlock {
  std::uint32_t type;
  Owned body;
};

/// A whole file, read until its end or its first damage.
struct Capture {
  std::vector<Record::Kind> kinds;
  std::vector<OwnedPacket> packets;
  std::vector<OwnedBlock> blocks;
  std::vector<Section> sections;
  std::vector<Interface> interfaces;
  ReadCounters counters;
  std::optional<std::string> error;
  std::uint64_t error_offset = 0;
};

inline Capture read_capture(std::unique_ptr<Source> source, ReaderOptions options = {}) {
  Capture capture;
  try {
    Reader reader(std::move(source), options);
    try {
      while (const Record* record = reader.next()) {
        capture.kinds.push_back(record->kind);
        const PacketView& p = record->packet;
        if (record->kind == Record::Kind::packet)
          capture.packets.push_back({p.timestamp_ns, p.ticks, p.interface, p.interface_id, p.original_length,
                                     own(p.data), own(p.options.encoded()), p.offset, p.has_timestamp,
                                     p.drop_count});
        if (record->kind == Record::Kind::block)
          capture.blocks.push_back({record->block.type, own(record->block.body)});
      }
    } catch (const FormatError& error) {
      capture.error = error.what();
      capture.error_offset = error.offset();
    }
    capture.sections = reader.sections();
    capture.interfaces = reader.interfaces();
    capture.counters = reader.counters();
  } catch (const FormatError& error) {
    capture.error = error.what();
    capture.error_offset = error.offset();
  }
  return capture;
}

inline Capture read_capture(Bytes bytes, ReaderOptions options = {}) {
  return read_capture(memory_source(bytes), options);
}

}  // namespace pcapml::test
