// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "filter/filter_program.h"

namespace pcapml {

/// Rules of one link type with the same filter, or without one.
struct RuleGroup {
  const FilterProgram* program = nullptr;
  std::vector<std::uint32_t> rules;  ///< ascending
};

}  // namespace pcapml
