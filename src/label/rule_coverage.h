// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "filter/filter_program.h"
#include "pcapml/rules.h"

namespace pcapml {

/// Rules of one link type with the same filter, or without one.
struct RulesOfProgram {
  const FilterProgram* program = nullptr;
  std::vector<std::uint32_t> rules;  ///< ascending
};

/// A rule that can never match, and the earlier one that wins where it begins to hold.
struct CoveredRule {
  std::uint32_t rule = 0, by = 0;

  bool operator==(const CoveredRule&) const = default;
};

struct Coverage {
  std::vector<CoveredRule> covered;  ///< ascending
  bool is_complete =
      true;  ///< false: there was too much to look at; rules that are not listed may be covered, too
};

/// Looks for rules that earlier ones cover, alone or together: a rule is covered where each way to match it,
/// at each time of its window, is a way to match an earlier rule. Finds no more than what the filters' tests
/// say: not that ports 80 to 90 lie within 70 to 100.
Coverage find_covered(const std::vector<Rule>& rules, const std::vector<RulesOfProgram>& groups);

}  // namespace pcapml
