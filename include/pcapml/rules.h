// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pcapml {

/// One line of a label file.
struct Rule {
  std::size_t line = 0;  ///< 1-based, in the file
  std::string filter;    ///< pcap filter; empty: no condition on the packet's bytes
  std::int64_t start_ns = std::numeric_limits<std::int64_t>::min();  ///< inclusive
  std::int64_t end_ns = std::numeric_limits<std::int64_t>::max();    ///< inclusive
  bool has_window = false;
  std::string file;  ///< FILE: as written; empty: every file
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
