// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pcapml {

/// One line of a label map: a label is called `to` where a capture has `from`.
struct LabelRenaming {
  std::size_t line = 0;  ///< 1-based
  std::string from, to;
};

/// Parses a label map: CSV (RFC 4180) of two fields a line, `from,to`, labels as they read, not encoded. The
/// first line may be the header `from,to`; blank lines and those that begin with `#` are passed over. A line
/// renames once: what it gives is not renamed again.
///
/// Throws UsageError with `path:line: reason` for every malformed line, all at once: not two fields, an empty
/// label, a label renamed twice, a quote that does not end, `<unlabeled>`, which is no label.
std::vector<LabelRenaming> parse_label_map(std::string_view text, const std::string& path);

/// Reads and parses a label map; std::system_error where it cannot be read.
std::vector<LabelRenaming> read_label_map(const std::string& path);

}  // namespace pcapml
