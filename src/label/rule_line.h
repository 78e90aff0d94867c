// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "pcapml/rules.h"

namespace pcapml {

/// Parses single lines of a label file; keeps its buffers from line to line. Knows the grammar, not libpcap.
class RuleLineParser {
 public:
  /// Fills the rule from a line (without line end; neither blank nor a comment): everything but `line`,
  /// `sample_id` and `comment`. False where the line is malformed: reasons() then says why, and parts of the
  /// rule are missing.
  bool parse(std::string_view line, Rule& rule);

  /// What is wrong with the line parsed last, one sentence for each mistake.
  const std::vector<std::string>& reasons() const { return reasons_; }

 private:
  bool is_text(std::string_view line);
  bool split(std::string_view line);
  bool take_quoted(std::string_view& rest);
  void parse_conditions(std::string_view text, Rule& rule);
  void parse_condition(std::string_view keyword, std::string_view value, Rule& rule);
  void parse_carried(std::string_view keyword, std::string_view value, CarriedConditions& carried);
  void parse_time(std::string_view keyword, std::string_view value, Rule& rule);
  void parse_label(Rule& rule);

  std::vector<std::string> fields_;  ///< the first count_ are those of the line
  std::size_t count_ = 0;
  std::vector<std::string> reasons_;
  unsigned seen_ = 0;  ///< keywords of the line, one bit each
};

}  // namespace pcapml
