// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "filter/expression.h"
#include "filter/filter_program.h"

namespace pcapml {

/// More constants than so many, compared with one expression, are looked up in tables; fewer are tried.
inline constexpr std::size_t kFewTests = 16;

/// Programs that are one program but for constants such as the addresses of 10,000 hosts.
struct FilterShape {
  std::vector<std::uint32_t> programs;  ///< by number, ascending
  std::vector<bool> is_parameter;       ///< each instruction: whether its constant is the program's own
};

/// The shapes of some programs, those of most programs first. No address of theirs may be nullptr.
std::vector<FilterShape> find_shapes(Expressions& expressions,
                                     const std::vector<const FilterProgram*>& programs);

}  // namespace pcapml
