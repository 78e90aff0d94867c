// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace pcapml::cli {

/// Columns that one character (its UTF-8) takes on a terminal: 0 for marks that combine with the one before,
/// 2 for the wide ones of East Asia and for emoji, 1 otherwise. wcwidth(3) would need a locale.
unsigned width_of_character(std::string_view character);

}  // namespace pcapml::cli
