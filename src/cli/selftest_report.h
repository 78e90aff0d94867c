// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace pcapml::selftest {
struct Result;
}

namespace pcapml::cli {

/// One line of JSON, for programs.
std::string to_json(const selftest::Result& result);

}  // namespace pcapml::cli
