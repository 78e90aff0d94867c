// SPDX-License-Identifier: Apache-2.0
// The engine against libpcap itself, rules tried one after the other.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "label/filter_grammar.h"
#include "label/rule_oracle.h"
#include "pcapml/rule_engine.h"

namespace pcapml {
namespace {

using test::below;
using test::effort;
using test::Grammar;
using test::Oracle;
using test::Random;

/// Counts of one property, to see that it says something.
struct Tally {
  std::size_t packets = 0, labelled = 0, tried = 0, covered = 0;
};

void compare(Random& random, Grammar& grammar, const std::vector<Rule>& rules,
             const std::vector<std::uint16_t>& link_types, int packets, Tally& tally) {
  RuleEngine engine(rules, "rules");
  Oracle oracle;
  std::vector<std::string> seen;
  std::vector<bool> matched(rules.size());
  for (int i = 0; i < packets; ++i) {
    const std::uint16_t link_type = link_types[below(random, link_types.size())];
    // Every other one comes again, in part shorter, so that what the engine remembers of it is asked for.
    std::string bytes = grammar.packet(link_type);
    if (!seen.empty() && below(random, 2) == 0) bytes = seen[below(random, seen.size())];
    seen.push_back(bytes);
    if (below(random, 4) == 0) bytes.resize(below(random, bytes.size() + 1));
    const RuleInput input{.link_type = link_type,
                          .data = as_bytes(bytes),
                          .original_length = static_cast<std::uint32_t>(bytes.size() + random() % 3 * 40),
                          .timestamp_ns = static_cast<std::int64_t>(below(random, 160)),
                          .has_timestamp = below(random, 20) != 0};
    const Rule* expected = oracle.match(rules, input);
    const Rule* found = engine.match(input);
    ASSERT_EQ(found, expected) << "packet " << i << ", link type " << link_type << ", filters '"
                               << (found == nullptr ? "" : found->filter) << "' and '"
                               << (expected == nullptr ? "" : expected->filter) << "'";
    if (found != nullptr) matched[static_cast<std::size_t>(found - rules.data())] = true;
    ++tally.packets;
    tally.labelled += found != nullptr ? 1 : 0;
  }
  tally.tried += oracle.tried();
  for (const std::string& line : engine.covered_rules(rules.size())) {
    const auto number = static_cast<std::size_t>(std::atoi(line.c_str() + std::string_view("rules:").size()));
    EXPECT_FALSE(matched[number - 1]) << line << ", and it did: " << rules[number - 1].filter;
    ++tally.covered;
  }
}

void number(std::vector<Rule>& rules) {
  for (std::size_t i = 0; i < rules.size(); ++i) rules[i].line = i + 1;
}

void set_window(Random& random, Rule& rule) {
  rule.has_window = true;
  rule.start_ns = static_cast<std::int64_t>(below(random, 100));
  rule.end_ns = rule.start_ns + static_cast<std::int64_t>(below(random, 60));
}

TEST(EngineProperty, AFewRulesAnswerAsOneAfterTheOther) {
  Random random(20'240'101);
  Grammar grammar(random, {});
  Tally tally;
  const std::vector<std::uint16_t> link_types = {1, 1, 1, 101, 113, 276, 0, 9, 228, 105, 220, 147, 127};
  for (int round = 0; round < 150 * effort(); ++round) {
    std::vector<Rule> rules(1 + below(random, 12));
    for (Rule& rule : rules) {
      if (below(random, 10) != 0) rule.filter = below(random, 4) == 0 ? rules[0].filter : grammar.filter();
      if (below(random, 3) == 0) set_window(random, rule);
    }
    number(rules);
    SCOPED_TRACE(round);
    ASSERT_NO_FATAL_FAILURE(compare(random, grammar, rules, link_types, 100, tally));
  }
  EXPECT_GE(tally.tried, 20'000U);
  EXPECT_GT(tally.labelled, tally.packets / 4);
  EXPECT_LT(tally.labelled, tally.packets * 9 / 10);
}

TEST(EngineProperty, ManyRulesAnswerAsOneAfterTheOther) {
  Random random(20'261'128);
  Grammar grammar(random, {.hosts = 40, .ports = 30});
  Tally tally;
  for (int round = 0; round < 12 * effort(); ++round) {
    std::vector<Rule> rules(round % 2 == 0 ? 600 : 60);
    for (Rule& rule : rules) {
      // Random filters match most packets, so that they come last.
      const bool is_last = &rule - rules.data() > static_cast<std::ptrdiff_t>(rules.size() - 6);
      do rule.filter = is_last ? grammar.filter() : grammar.rule_filter();
      while (!is_last && rule.filter.starts_with("("));
      if (below(random, 2) == 0) set_window(random, rule);
    }
    const std::vector<std::vector<std::uint16_t>> link_types = {
        {1, 101}, {1, 113}, {276, 12}, {1, 127}, {0, 9}};
    number(rules);
    SCOPED_TRACE(round);
    ASSERT_NO_FATAL_FAILURE(
        compare(random, grammar, rules, link_types[static_cast<std::size_t>(round) % 5], 400, tally));
  }
  EXPECT_GE(tally.tried, 300'000U);
  EXPECT_GT(tally.covered, 100U);
  EXPECT_GT(tally.labelled, tally.packets / 4);
  EXPECT_LT(tally.labelled, tally.packets * 19 / 20);
}

}  // namespace
}  // namespace pcapml
