// SPDX-License-Identifier: Apache-2.0
// What holds for every record that a reader gives out, whatever bytes it was given.
#pragma once

#include <cstdlib>
#include <optional>
#include <vector>

#include "io/appender.h"
#include "pcapml/error.h"
#include "pcapml/reader.h"

namespace pcapml::fuzz {

inline void expect(bool condition) {
  if (!condition) std::abort();
}

/// Gathers what a writer writes.
class Bin final : public Appender {
 public:
  std::byte* append(std::size_t n) override {
    bytes.resize(bytes.size() + n);
    return bytes.data() + bytes.size() - n;
  }
  std::vector<std::byte> bytes;
};

/// Calls `action(reader, record)` for each record up to the end or the first damage.
template <class Action>
void for_each_record(Bytes input, ReaderOptions options, Action action) {
  try {
    Reader reader(memory_source(input), options);
    while (const Record* record = reader.next()) action(reader, *record);
  } catch (const FormatError& error) {
    expect(error.offset() <= input.size());
  }
}

inline void check_options(OptionsView options) {
  std::size_t size = 0;
  for (auto it = options.begin(); it != options.end(); ++it) {
    expect(it.encoded().size() >= 4 + it->value.size());
    expect(it->code != 0);
    size += it.encoded().size();
  }
  expect(size == options.encoded().size());
}

inline void check_packet(const Reader& reader, const PacketView& packet, Bytes input) {
  expect(packet.interface < reader.interfaces().size());
  const Interface& interface = reader.interfaces()[packet.interface];
  expect(interface.section < reader.sections().size());
  expect(packet.offset <= input.size() && packet.size <= input.size() - packet.offset);
  expect(packet.data.size() < packet.size && packet.options.encoded().size() < packet.size);
  if (packet.has_timestamp) expect(interface.to_ns(packet.ticks) == packet.timestamp_ns);
  check_options(packet.options);
}

/// Reads all of it in every mode; each packet must parse again to itself.
inline void check_reading(Bytes input) {
  for (const auto mode : {LegacyTimestamps::detect, LegacyTimestamps::yes, LegacyTimestamps::no}) {
    for_each_record(input, {.legacy_timestamps = mode}, [&](const Reader& reader, const Record& record) {
      if (record.kind == Record::Kind::packet) check_packet(reader, record.packet, input);
      if (record.kind == Record::Kind::section) check_options(reader.sections().back().options_view());
      if (record.kind == Record::Kind::interface) check_options(reader.interfaces().back().options_view());
    });
  }
  try {
    Reader reader(memory_source(input));
    while (const PacketView* packet = reader.next_packet()) {
      const PacketView seen = *packet;
      const Bytes again = input.subspan(seen.offset, seen.size);
      const PacketView& parsed = reader.parse_again(again, seen.interface, seen.offset);
      expect(parsed.timestamp_ns == seen.timestamp_ns && parsed.data.size() == seen.data.size() &&
             parsed.interface == seen.interface && parsed.original_length == seen.original_length);
    }
  } catch (const FormatError&) {
    // checked above
  }
}

}  // namespace pcapml::fuzz
