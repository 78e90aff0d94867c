// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "pcapml/join.h"
#include "pcapml/source.h"

namespace pcapml {

/// What a column of a table of flows says.
enum class Role : unsigned char {
  source,
  destination,
  source_port,
  destination_port,
  protocol,
  start,
  end,
  duration,
  label,
  event,
  flow_id,
  flow_start,
  flow_end,  ///< of Suricata's events
};
inline constexpr std::size_t kRoles = 13;

/// One record, its values by role; empty where the table has none. Borrows from its table.
struct TableRow {
  std::uint64_t line = 0;  ///< where it begins
  bool is_blank = false;   ///< without any value, or the header line again
  bool is_other = false;   ///< an event that is no flow
  std::array<std::string_view, kRoles> values{};
  std::string_view operator[](Role role) const { return values[static_cast<std::size_t>(role)]; }
};

/// The records of a table, in order. next() throws BadRecord for one that cannot be taken apart, DataError
/// for a table that has not what a record needs.
class Table {
 public:
  virtual ~Table() = default;
  /// nullptr at the end; dies at the next call.
  virtual const TableRow* next() = 0;
  virtual bool has(Role role) const = 0;
  /// For messages: "column 3 (Src IP)".
  virtual std::string place(Role role) const = 0;
  virtual std::int64_t duration_unit_ns() const { return 1'000'000'000; }
  /// What a record has where its label is empty; "" for none.
  virtual std::string_view default_label() const { return {}; }
  virtual const char* name() const = 0;  ///< of the form that was found
};

/// CSV (RFC 4180) with CICFlowMeter's, CICIDS2017's, UNSW-NB15's or the generic columns, or those of
/// `request.columns`; CTU-13's binetflow.
std::unique_ptr<Table> open_csv_table(std::unique_ptr<Source> source, const JoinRequest& request);
/// Zeek's conn.log, tab-separated or JSON, and conn.log.labeled.
std::unique_ptr<Table> open_zeek_table(std::unique_ptr<Source> source, const JoinRequest& request);
/// Suricata's EVE: events of type alert and flow.
std::unique_ptr<Table> open_suricata_table(std::unique_ptr<Source> source, const JoinRequest& request);

}  // namespace pcapml
