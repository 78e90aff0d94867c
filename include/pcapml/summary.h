// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "pcapml/dataset.h"

namespace pcapml {

struct SummaryRequest {
  std::string input;
  std::string csv;  ///< file for the table (RFC 4180); empty: none
  /// Packets are grouped by the label's name (`label`, or `proc`), by its direction (`dir`, or `d`), or by
  /// the value of its field of any other name.
  std::string group = "label";
  std::int64_t from_ns = std::numeric_limits<std::int64_t>::min();  ///< inclusive
  std::int64_t to_ns = std::numeric_limits<std::int64_t>::max();    ///< inclusive
  InputOptions input_options;
};

/// What was counted over some packets.
struct TrafficCounts {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;           ///< on the wire
  std::uint64_t captured_bytes = 0;  ///< in the file
  /// Distinct 5-tuples, both directions as one. A fragment after the first shows no ports and adds none.
  std::uint64_t flows = 0;
  std::uint64_t non_ip_packets = 0;      ///< they belong to no flow
  std::uint64_t samples = 0;             ///< distinct sample ids
  std::optional<std::int64_t> first_ns;  ///< earliest time; nullopt where no packet has one
  std::optional<std::int64_t> last_ns;   ///< latest time
};

/// One row of the table.
struct SummaryGroup {
  enum class Kind : unsigned char {
    named,
    without_key,  ///< labelled, but without the key by which packets are grouped
    unlabeled,
  };
  Kind kind = Kind::named;
  std::string name;  ///< decoded, any bytes; of the last two kinds `<no KEY>` and `<unlabeled>`
  TrafficCounts counts;
};

/// What a section says of itself. Texts are as the file has them, any bytes.
struct SectionDescription {
  ByteOrder order = ByteOrder::little;
  std::string hardware, os, application;
  std::vector<std::string> comments;
};

/// What a file says of one interface. A count is nullopt where the file does not report it.
struct InterfaceDescription {
  std::uint32_t section = 0;
  std::uint16_t link_type = 0;
  std::string link_type_name;     ///< "ethernet"; the number where it is not a common one
  std::uint32_t snap_length = 0;  ///< 0: no limit
  TimeResolution resolution;
  std::int64_t offset_seconds = 0;  ///< added to every time, as is
  std::int32_t offset_ns = 0;
  std::string name, description, filter, os, hardware;
  std::vector<std::string> comments;
  std::uint64_t packets = 0;                             ///< in this file, inside the window or not
  std::optional<std::uint64_t> received;                 ///< isb_ifrecv of the last statistics block
  std::optional<std::uint64_t> dropped_by_interface;     ///< isb_ifdrop
  std::optional<std::uint64_t> dropped_by_os;            ///< isb_osdrop
  std::optional<std::uint64_t> dropped_between_packets;  ///< sum of epb_dropcount
};

/// Blocks that are neither sections, interfaces nor packets.
struct BlockCount {
  std::string name;
  std::uint64_t count = 0;
};

/// An address whose names a Name Resolution Block gives.
struct KnownName {
  std::string address;
  std::vector<std::string> names;
};

/// What a file says of itself, whatever the window is. Lists end where a hostile file would make them long;
/// the counts beside them do not.
struct FileDescription {
  FileFormat format = FileFormat::pcapng;
  std::optional<std::uint64_t> size;  ///< as stored; nullopt for a pipe
  std::vector<SectionDescription> sections;
  std::vector<InterfaceDescription> interfaces;
  std::vector<BlockCount> blocks;  ///< by type, in order of appearance
  std::vector<KnownName> names;
  std::uint64_t section_count = 0;
  std::uint64_t interface_count = 0;
  std::uint64_t name_count = 0;  ///< entries of Name Resolution Blocks
};

struct SummaryResult {
  InputReport report;
  std::string group;                 ///< the key of the table
  std::vector<SummaryGroup> groups;  ///< by packets, most first, then name; `<no KEY>` and `<unlabeled>` last
  TrafficCounts total;               ///< a flow or sample of several groups counts once
  std::uint64_t outside_window = 0;  ///< packets left out: before or after it
  std::uint64_t without_time = 0;    ///< packets left out: no time tells whether they belong to the window
  FileDescription file;
};

/// Counts what each label has in a capture, and tells what the file says of itself.
///
/// Memory grows by flow, sample id and group. Throws UsageError where the csv file is the input.
SummaryResult summarize(const SummaryRequest& request);

}  // namespace pcapml
