// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pcapml {

/// One PROC: of a rule. A process that does not tell the key meets no condition on it, not even `!=`.
struct ProcessCondition {
  enum class Key : unsigned char { name, path, args, cgroup, pid, uid };
  enum class Operator : unsigned char { equal, not_equal, less, at_most, greater, at_least };

  Key key = Key::name;
  Operator comparison = Operator::equal;
  std::string pattern;       ///< shell pattern of the whole text; empty for pid and uid
  std::uint32_t number = 0;  ///< for pid and uid

  auto operator<=>(const ProcessCondition&) const = default;
};

/// What a rule asks of what packets carry already. All of it has to hold.
struct CarriedConditions {
  std::string label;                      ///< LABEL: shell pattern of the label's name; empty: none
  std::string destination;                ///< DST: shell pattern of its `dst`, where case does not matter
  char direction = 0;                     ///< DIR: 'e', 'i' or 0
  std::vector<ProcessCondition> process;  ///< PROC: of the process that the packet names

  bool asks_label() const { return !label.empty() || !destination.empty() || direction != 0; }
  bool empty() const { return !asks_label() && process.empty(); }
  auto operator<=>(const CarriedConditions&) const = default;
};

/// One line of a label file.
struct Rule {
  std::size_t line = 0;  ///< 1-based, in the file
  std::string filter;    ///< pcap filter; empty: no condition on the packet's bytes
  std::int64_t start_ns = std::numeric_limits<std::int64_t>::min();  ///< inclusive
  std::int64_t end_ns = std::numeric_limits<std::int64_t>::max();    ///< inclusive
  bool has_window = false;
  std::string file;  ///< FILE: as written; empty: every file
  CarriedConditions carried;
  std::string label;
  std::string hash_key;
  std::vector<std::pair<std::string, std::string>> fields;  ///< key=value, in the rule's order
  std::size_t sample_id = 0;  ///< index of the rule, or of the first with the same hash key
  std::string comment;        ///< the encoded label comment that a packet of this rule gets
};

/// Parses a label file (grammar in doc/format.md) and shows every filter to libpcap. Throws UsageError with
/// `path:line: reason` for every mistake, all at once: malformed lines, filters that no link type has a
/// meaning for, host names in filters. A file without rules gives none. Asks no name server.
std::vector<Rule> parse_rules(std::string_view text, const std::string& path);

/// Reads ("-" is standard input) and parses a label file; std::system_error where it cannot be read.
std::vector<Rule> read_rules(const std::string& path);

}  // namespace pcapml
