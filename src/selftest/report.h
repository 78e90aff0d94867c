// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace pcapml::selftest {

struct Result;

/// A table, and below it what went wrong.
std::string to_text(const Result& result);
/// A table environment that needs no package.
std::string to_latex(const Result& result);
/// Text as LaTeX sets it: what means something to LaTeX is escaped.
std::string latex_text(std::string_view text);

}  // namespace pcapml::selftest
