// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pcapml::cli {

/// Text of a file as a terminal may show it: control characters, those that turn the direction of writing,
/// and bytes that are no UTF-8 become `\xNN`.
std::string printable(std::string_view text);

/// Columns that printable text takes on a terminal.
std::size_t columns_of(std::string_view text);

/// At most so many columns, 0 for no limit; what is left out becomes `mark`, of one column.
std::string cut_to(std::string text, std::size_t columns, std::string_view mark = "~");

}  // namespace pcapml::cli
