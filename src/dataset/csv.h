// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pcapml {

/// A field as RFC 4180 has it: quoted where it holds a comma, a quote or a line break.
std::string csv_field(std::string_view text);

/// Fields joined by commas, without a line end.
std::string csv_record(const std::vector<std::string>& fields);

}  // namespace pcapml
