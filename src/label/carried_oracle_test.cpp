// SPDX-License-Identifier: Apache-2.0
// Conditions on what packets carry, against rules tried one after the other and the C library's fnmatch().
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "format/block.h"
#include "label/filter_grammar.h"
#include "label/glob.h"
#include "label/rule_oracle.h"
#include "pcapml/rule_engine.h"

namespace pcapml {
namespace {

using test::below;
using test::effort;
using test::Oracle;
using test::Random;

template <class T>
const T& one_of(Random& random, const std::vector<T>& all) {
  return all[below(random, all.size())];
}

/// Short, of few letters, so that patterns match.
std::string text(Random& random, std::size_t most) {
  std::string made;
  for (std::size_t n = below(random, most); n > 0; --n) made += "abAB.-"[below(random, 6)];
  return made;
}

std::string pattern(Random& random) {
  static const std::vector<std::string> kParts = {"*",    "*",     "?",   "a",   "b",    "A",  ".", "[ab]",
                                                  "[!a]", "[a-b]", "\\*", "\\a", "[]a]", "[a", "ab"};
  std::string made;
  for (std::size_t n = 1 + below(random, 5); n > 0; --n) made += one_of(random, kParts);
  return made;
}

TEST(GlobProperty, MatchesWhatTheCLibraryMatches) {
  Random random(7);
  std::size_t matched = 0;
  const int rounds = 100'000 * effort();
  for (int i = 0; i < rounds; ++i) {
    const std::string wanted = pattern(random), subject = text(random, 8);
    const bool expected = ::fnmatch(wanted.c_str(), subject.c_str(), 0) == 0;
    ASSERT_EQ(Glob(wanted).matches(subject), expected) << wanted << " on " << subject;
    matched += expected ? 1 : 0;
  }
  EXPECT_GT(matched, static_cast<std::size_t>(rounds / 20));
}

ProcessCondition process_condition(Random& random) {
  using Operator = ProcessCondition::Operator;
  ProcessCondition condition;
  condition.key = static_cast<ProcessCondition::Key>(below(random, 6));
  const bool is_number = condition.key >= ProcessCondition::Key::pid;
  condition.comparison = static_cast<Operator>(below(random, is_number ? 6 : 2));
  if (is_number)
    condition.number = static_cast<std::uint32_t>(below(random, 6));
  else
    condition.pattern = pattern(random);
  return condition;
}

CarriedConditions conditions(Random& random) {
  CarriedConditions asked;
  if (below(random, 2) == 0) asked.label = pattern(random);
  if (below(random, 4) == 0) asked.destination = pattern(random);
  if (below(random, 4) == 0) asked.direction = below(random, 2) == 0 ? 'e' : 'i';
  while (below(random, 4) == 0) asked.process.push_back(process_condition(random));
  return asked;
}

ProcessInfo process(Random& random) {
  ProcessInfo info;
  info.pid = static_cast<std::uint32_t>(below(random, 6));
  info.name = text(random, 5);
  info.path = text(random, 5);
  info.command_line = text(random, 5);
  info.cgroup = text(random, 5);
  if (below(random, 2) == 0) info.uid = static_cast<std::uint32_t>(below(random, 6));
  info.start_time_ns = static_cast<std::int64_t>(below(random, 160));
  return info;
}

std::string label(Random& random) {
  const bool is_keyed = below(random, 4) == 0;
  std::string made = std::to_string(below(random, 9)) + "," + (is_keyed ? "proc=" : "") + text(random, 5);
  if (is_keyed) made.insert(0, "s=");
  if (below(random, 2) == 0) made += below(random, 2) == 0 ? ",d=e" : ",dir=wan2lan";
  if (below(random, 2) == 0) made += ",dst=" + text(random, 5);
  return made;
}

TEST(CarriedProperty, RulesAnswerAsOneAfterTheOther) {
  Random random(20'261'129);
  test::Grammar grammar(random, {});
  std::size_t labelled = 0, packets = 0, covered = 0;
  for (int round = 0; round < 120 * effort(); ++round) {
    std::vector<Rule> rules(1 + below(random, round % 4 == 0 ? 200 : 12));
    std::vector<CarriedConditions> asked(1 + below(random, 8));
    for (CarriedConditions& one : asked) one = conditions(random);
    for (std::size_t i = 0; i < rules.size(); ++i) {
      Rule& rule = rules[i];
      rule.line = i + 1;
      if (below(random, 8) != 0)
        rule.carried = below(random, 2) == 0 ? one_of(random, asked) : conditions(random);
      if (below(random, 2) == 0) rule.filter = grammar.filter();
      if (below(random, 3) != 0) continue;
      rule.has_window = true;
      rule.start_ns = static_cast<std::int64_t>(below(random, 100));
      rule.end_ns = rule.start_ns + static_cast<std::int64_t>(below(random, 60));
    }
    RuleEngine engine(rules, "rules");
    Oracle oracle;
    std::vector<bool> matched(rules.size());
    for (int i = 0; i < 200; ++i) {
      if (below(random, 60) == 0) {
        engine.begin_section(Section{}, "file");
        oracle.processes.clear();
      }
      while (below(random, 4) == 0) {
        oracle.processes.push_back(process(random));
        const auto body = process_block_body(oracle.processes.back(), ByteOrder::little);
        engine.block({.type = kCustom, .order = ByteOrder::little, .body = body});
      }
      const std::string bytes = grammar.packet(1), comment = label(random);
      const auto view = parse_label(comment);
      RuleInput input{.data = as_bytes(bytes),
                      .original_length = static_cast<std::uint32_t>(bytes.size()),
                      .timestamp_ns = static_cast<std::int64_t>(below(random, 160)),
                      .has_timestamp = below(random, 20) != 0};
      if (below(random, 8) != 0) input.label = &*view;
      if (below(random, 4) != 0) input.pid = static_cast<std::uint32_t>(below(random, 7));
      const Rule* expected = oracle.match(rules, input);
      ASSERT_EQ(engine.match(input), expected) << "round " << round << ", packet " << i << ", " << comment;
      ++packets;
      labelled += expected != nullptr ? 1 : 0;
      if (expected != nullptr) matched[static_cast<std::size_t>(expected - rules.data())] = true;
    }
    for (const std::string& line : engine.covered_rules(rules.size())) {
      const auto number =
          static_cast<std::size_t>(std::atoi(line.c_str() + std::string_view("rules:").size()));
      ASSERT_FALSE(matched[number - 1]) << line << ", and it did";
      ++covered;
    }
  }
  EXPECT_GT(labelled, packets / 4);
  EXPECT_LT(labelled, packets * 19 / 20);
  EXPECT_GT(covered, 20U);
}

}  // namespace
}  // namespace pcapml
