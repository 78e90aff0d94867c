// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

#include "pcapml/summary.h"

namespace pcapml::cli {

/// A summary as text. `width` is that of the terminal, which gets bars and as many columns as fit; 0: no
/// terminal, all columns and no bars.
std::string to_text(const SummaryResult& result, const std::string& input, std::size_t width);

/// The same as one line of JSON.
std::string to_json(const SummaryResult& result);

}  // namespace pcapml::cli
