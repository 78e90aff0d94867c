// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "pcapml/dataset.h"

namespace pcapml {

/// Who wrote a table of flows.
enum class RecordSource : unsigned char { csv, binetflow, zeek, zeek_labeled, suricata };

/// Whose label a packet gets that records of different labels claim.
enum class Conflicts : unsigned char {
  none,      ///< nobody's
  first,     ///< the first record's
  majority,  ///< the label of most of the records, of the first one of them; nobody's where two have as many
};

/// How a table's local times are read, where the table leaves it open.
struct JoinClock {
  std::string zone;                  ///< IANA name or offset ("+02:00"); "": found; "auto": found in any case
  std::optional<bool> month_first;   ///< order of day and month; absent: found
  std::optional<bool> twelve_hours;  ///< hours of a 12-hour clock without AM and PM; absent: found
};

struct JoinRequest {
  std::string input;  ///< a capture, or a directory of captures
  RecordSource source = RecordSource::csv;
  std::string table;
  std::string output;
  std::string columns;  ///< `src=NAME,dst=NAME,...`; "": by the table's header
  std::string
      label_field;  ///< column, or path of keys joined by dots, whose value is the label; "": by source
  JoinClock clock;
  std::optional<std::int64_t>
      slack_ns;  ///< windows begin earlier and end later by so much; absent: by resolution
  Conflicts conflicts = Conflicts::none;
  bool keep_unmatched = false;    ///< keep packets that get no label
  bool keep_old = false;          ///< a label that is replaced stays as the new one's `was=`
  bool skip_bad_records = false;  ///< count them instead of failing
  std::string orphan_records;     ///< CSV of the records without packets; "": not written
  std::string orphan_packets;     ///< capture of the packets without records; "": not written
  std::size_t max_fragment_bytes = std::size_t{4} << 20;
  InputOptions input_options;
  OutputOptions output_options;
};

struct JoinCount {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;  ///< on the wire
};

/// What became of one label.
struct LabelJoin {
  std::string label;
  std::uint64_t records = 0;
  std::uint64_t records_with_packets = 0;
  JoinCount labelled;
};

/// Records that contradict each other over packets.
struct RecordConflict {
  std::string first_end, second_end;  ///< "192.0.2.1:443"; "" where the record has none
  std::string protocol;               ///< number; "" for any
  std::int64_t start_ns = 0, end_ns = 0;
  std::uint64_t packets = 0;
  std::uint64_t records = 0;
  std::vector<std::pair<std::uint64_t, std::string>>
      labels;  ///< lines and labels, of different labels, the first few
};

/// Packets in equal pieces of time.
struct JoinTimeline {
  struct Piece {
    std::uint64_t matched = 0, unmatched = 0, conflicting = 0;
  };
  std::int64_t start_ns = 0;
  std::int64_t piece_ns = 0;  ///< 0: no packet had a time
  std::vector<Piece> pieces;
};

/// How well a table and a capture fit.
struct JoinReport {
  InputReport input;
  std::string form;  ///< of the table, as found: "CICFlowMeter"

  // The table
  std::uint64_t records = 0;
  std::uint64_t records_with_packets = 0;  ///< claim at least one packet
  std::uint64_t records_without_packets = 0;
  std::uint64_t records_in_conflict = 0;  ///< claim packets that one of another label claims
  std::uint64_t duplicate_records = 0;    ///< all their packets are those of an earlier record of their label
  std::uint64_t records_without_label = 0;  ///< claim nothing
  std::uint64_t records_not_ip = 0;         ///< claim nothing
  std::uint64_t bad_records = 0;            ///< left out, with skip_bad_records
  std::uint64_t other_events = 0;           ///< of Suricata: neither alert nor flow
  std::uint64_t blank_records = 0;          ///< rows without a value, and repeated header lines
  std::uint64_t negative_durations = 0;     ///< taken for 0

  // The capture
  JoinCount total, matched, unmatched;  ///< matched: got a label; unmatched: no record claims them
  JoinCount conflicting;                ///< records of different labels claim them; matched too where settled
  std::uint64_t not_ip = 0;             ///< unmatched packets that are not IP
  std::uint64_t without_time = 0;       ///< unmatched packets without a timestamp
  std::uint64_t flows = 0;              ///< 5-tuples, both directions being one
  std::uint64_t matched_flows = 0;      ///< with a packet that got a label
  std::uint64_t replaced_labels = 0;
  bool kept_unmatched = false;
  std::uint64_t skipped_files = 0;  ///< files below the directory that are no captures

  // The clock
  std::string zone;  ///< of the table's times, as used
  bool zone_found = false;
  bool times_are_absolute = false;  ///< seconds since 1970, or with an offset each
  bool month_first = false, twelve_hours = false;
  bool order_found = false, clock_found = false;
  std::uint64_t sampled_packets = 0;  ///< that were tried for zone, order and clock
  std::uint64_t sampled_matches = 0;
  std::string next_best;  ///< "+01:00 (12,345 of 20,000)", where something was found
  std::int64_t resolution_ns = 0;
  std::int64_t slack_before_ns = 0, slack_after_ns = 0;

  std::vector<LabelJoin> labels;          ///< in the order of their first record
  std::vector<RecordConflict> conflicts;  ///< the ten with most packets
  JoinTimeline timeline;

  /// Packets that a record claims, of all, in percent; 100 where there are none.
  double matched_percent() const;
};

/// Labels each packet with the record of the table whose flow and window it is of, in either direction, and
/// writes pcapng. The sample id is the record's index. Throws DataError for a table that cannot be used, with
/// file, line and column, before any packet is read.
///
/// The capture is read twice where zone, order of day and month or clock have to be found, or where records
/// take their windows from it; a pipe then is a UsageError.
JoinReport join_captures(const JoinRequest& request);

}  // namespace pcapml
