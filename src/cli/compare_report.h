// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

#include "pcapml/compare.h"

namespace pcapml::cli {

/// A comparison as text. `width` is that of the terminal, on which long labels are cut and a matrix that does
/// not fit is folded to its worst confusions; 0: no terminal, everything in full.
std::string to_text(const CompareResult& result, std::size_t width);

/// The same as one line of JSON.
std::string to_json(const CompareResult& result);

}  // namespace pcapml::cli
