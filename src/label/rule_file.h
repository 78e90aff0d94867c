// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "pcapml/rules.h"

namespace pcapml {

struct RuleProblem {
  std::size_t line;
  std::string reason;
};

/// A label file, as far as its grammar goes: no filter was shown to libpcap.
struct RuleFile {
  std::vector<Rule> rules;  ///< malformed ones included, with the parts that could be read
  std::vector<RuleProblem> problems;
};

RuleFile parse_rule_file(std::string_view text);

}  // namespace pcapml
