// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "pcapml/packet.h"
#include "pcapml/source.h"

namespace pcapml {

enum class FileFormat : unsigned char { pcap, pcapng };

/// Earlier pcapml versions wrote seconds and microseconds where pcapng wants one 64-bit count.
enum class LegacyTimestamps : unsigned char {
  detect,  ///< at the first packet of a section that is not time 0
  yes,
  no,
};

struct ReaderOptions {
  LegacyTimestamps legacy_timestamps = LegacyTimestamps::detect;
};

/// What a reader met that it had to change or set right; nothing is passed over in silence.
struct ReadCounters {
  std::uint64_t packets = 0;
  std::uint64_t simple_packets = 0;    ///< Simple Packet Blocks: no time, no interface of their own
  std::uint64_t obsolete_packets = 0;  ///< obsolete Packet Blocks
  std::uint64_t legacy_sections = 0;   ///< sections whose split timestamps were put right
};

/// One thing in a capture file. Which members hold depends on the kind. Borrows.
struct Record {
  enum class Kind : unsigned char {
    section,    ///< Reader::sections().back() is new
    interface,  ///< Reader::interfaces().back() is new
    packet,     ///< `packet`
    block,      ///< `block`: any other pcapng block
  };
  Kind kind = Kind::block;
  PacketView packet;
  BlockView block;
};

/// Reads pcap and pcapng files, in file order.
///
/// A reader owns its source. Views that it hands out die at the next call of next() or next_packet().
/// Throws FormatError (path, byte offset) on damaged data, after every good record before it was given out,
/// and std::system_error on a failed read. Not thread-safe.
class Reader {
 public:
  explicit Reader(std::unique_ptr<Source> source, ReaderOptions options = {});
  ~Reader();
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  Reader(Reader&&) noexcept;
  Reader& operator=(Reader&&) noexcept;

  /// The next record, or nullptr at the end of the file. A pcap file begins with a section and an interface.
  const Record* next();

  /// The next packet, or nullptr at the end of the file.
  const PacketView* next_packet() {
    while (const Record* record = next())
      if (record->kind == Record::Kind::packet) return &record->packet;
    return nullptr;
  }

  /// A packet again, from its bytes: those at PacketView::offset, PacketView::size of them. `interface` is
  /// the index that it had. Valid as the other views are, and as long as the bytes.
  const PacketView& parse_again(Bytes bytes, std::uint32_t interface, std::uint64_t offset);

  FileFormat format() const;
  const Source& source() const;
  /// Over all sections, in order of appearance; grows while reading.
  const std::vector<Section>& sections() const;
  const std::vector<Interface>& interfaces() const;
  const ReadCounters& counters() const;

  class Format;

 private:
  std::unique_ptr<Format> format_;
};

/// Reader over open_source(path).
Reader open_reader(const std::string& path, ReaderOptions options = {});

}  // namespace pcapml
