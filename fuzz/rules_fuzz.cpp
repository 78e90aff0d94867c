// SPDX-License-Identifier: Apache-2.0
// The label file: every line becomes a sound rule or a reason, and a reason is one line of clean text.
// Filters go through the search for host names; libpcap itself is not fuzzed here.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "label/filter_words.h"
#include "label/rule_file.h"
#include "label/text.h"
#include "pcapml/label.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void check_rule(const pcapml::Rule& rule, std::size_t index) {
  require(!rule.label.empty() && rule.start_ns <= rule.end_ns && rule.sample_id <= index);
  require(rule.has_window || !rule.filter.empty() || !rule.file.empty());
  require(rule.filter.find('\0') == rule.filter.npos);
  const auto view = pcapml::parse_label(rule.comment);
  require(view.has_value() && rule.comment.size() <= 65'535);
  const pcapml::Label label = pcapml::decode_label(*view);
  require(label.sample_id == std::to_string(rule.sample_id));
  require(label.name == rule.label && label.fields == rule.fields);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const pcapml::RuleFile file = pcapml::parse_rule_file({reinterpret_cast<const char*>(data), size});
  for (const pcapml::RuleProblem& problem : file.problems) {
    require(problem.line > 0 && !problem.reason.empty());
    require(pcapml::valid_utf8_prefix(problem.reason) == problem.reason.size());
    for (const char c : problem.reason) require(static_cast<unsigned char>(c) >= 0x20);
  }
  for (std::size_t i = 0; i < file.rules.size(); ++i) {
    const pcapml::Rule& rule = file.rules[i];
    if (file.problems.empty()) check_rule(rule, i);
    for (const bool keyword : {false, true}) {
      const auto name = pcapml::find_host_name(rule.filter, [keyword](std::string_view) { return keyword; });
      if (name) require(name->data() >= rule.filter.data() && name->size() <= rule.filter.size());
    }
  }
  return 0;
}
