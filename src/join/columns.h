// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "join/table.h"

namespace pcapml {

/// Which column of a table says what, and how.
struct Columns {
  static constexpr int kAbsent = -1;

  const char* name = "";  ///< of the form that was recognised
  std::array<int, kRoles> index;
  std::array<std::string, kRoles> titles;  ///< "" without a header line
  std::int64_t duration_unit_ns = 1'000'000'000;
  std::string_view default_label;
  bool has_header = true;
  std::size_t count = 0;  ///< of columns

  Columns() { index.fill(kAbsent); }
  int operator[](Role role) const { return index[static_cast<std::size_t>(role)]; }
  /// "column 3 (Src IP)", or the role's name where the table has none.
  std::string place(Role role) const;
};

/// Recognises a table by its first line. Throws DataError where it is none that `request` can mean, saying
/// what is missing; UsageError for columns asked for that are not there.
Columns find_columns(const std::vector<std::string_view>& first_line, const JoinRequest& request,
                     const std::string& path);

}  // namespace pcapml
