// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "label/rule_group.h"
#include "pcapml/rules.h"

namespace pcapml {

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
/// say: not that ports 80 to 90 lie within 70 to 100. `work` counts over several calls what there may be of
/// it.
Coverage find_covered(const std::vector<Rule>& rules, const std::vector<RuleGroup>& groups,
                      std::size_t& work);

}  // namespace pcapml
