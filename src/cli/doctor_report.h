// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace pcapml {
struct Diagnosis;
}

namespace pcapml::cli {

/// One line for each check, then whether capture will work and what to do.
std::string text_of(const Diagnosis& diagnosis);
std::string to_json(const Diagnosis& diagnosis);

}  // namespace pcapml::cli
