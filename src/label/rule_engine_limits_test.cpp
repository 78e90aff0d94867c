// SPDX-License-Identifier: Apache-2.0
// Label files that give the engine's tables little to go by: the answer is that of trying the rules in turn.
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "label/bpf_filter.h"
#include "label/filter_grammar.h"
#include "pcapml/rule_engine.h"

namespace pcapml {
namespace {

using test::below;

struct Kind {
  const char* name;
  std::size_t rules;
  std::function<std::string(std::size_t)> filter;
  bool has_windows = false;
};

std::string host(std::size_t i) { return fmt::format("10.{}.{}.{}", i / 40 % 2, i % 2, 1 + i % 40); }

std::string pick_net(std::size_t i) {
  const std::size_t bits = 24 + i % 9, low = (1 + i % 40) >> (32 - bits) << (32 - bits);
  return fmt::format("10.{}.{}.{}/{}", i / 40 % 2, i % 2, low, bits);
}

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> kKinds = {
      {"WindowsOnOneFilter", 10'000, [](std::size_t) { return "udp or tcp"; }, true},
      {"Hosts", 10'000,
       [](std::size_t i) { return fmt::format("host 10.{}.{}.{}", i / 2500, i / 250 % 10, 1 + i % 250); }},
      {"Networks", 3'000, [](std::size_t i) { return fmt::format("net {}", pick_net(i)); }, true},
      {"PortRanges", 3'000,
       [](std::size_t i) { return fmt::format("portrange {}-{}", 2000 + i % 97, 2000 + i % 97 + i % 5); },
       true},
      {"LongAlternatives", 40,
       [](std::size_t i) {
         std::string filter = "host " + host(i);
         for (std::size_t k = 1; k < 200; ++k)
           filter += " or host " + host(i * 7 + k * 3) + " or udp port " + std::to_string(3000 + i + k);
         return filter;
       },
       true},
      {"Lengths", 2'000,
       [](std::size_t i) { return fmt::format("len > {} and len <= {}", i % 150, i % 150 + i % 7); }, true},
      {"Flags", 1'000,
       [](std::size_t i) { return fmt::format("tcp[{}] & {} != 0", 12 + i % 9, 1 + i % 255); }, false},
      {"Negations", 500,
       [](std::size_t i) { return fmt::format("not host {} and not port {}", host(i), 2000 + i % 30); },
       true},
      {"AsManyPlaces", 300,
       [](std::size_t i) { return fmt::format("ip[{}] = {} and ip[{}] = 0", i % 50, i % 3, (i + 7) % 50); },
       true},
      {"PlacesThatTheFlowMoves", 300,
       [](std::size_t i) {
         return fmt::format("tcp[((tcp[12:1] & 0xf0) >> 2) + {}] != 9 and host {}", i % 8, host(i));
       },
       false},
  };
  return kKinds;
}

class EngineLimits : public testing::TestWithParam<std::size_t> {};
INSTANTIATE_TEST_SUITE_P(Files, EngineLimits, testing::Range(std::size_t{0}, kinds().size()),
                         [](const auto& number) { return std::string(kinds()[number.param].name); });

TEST_P(EngineLimits, AnswersAsTryingTheRulesInTurn) {
  const Kind& kind = kinds()[GetParam()];
  test::Random random(static_cast<unsigned>(GetParam()));
  std::vector<Rule> rules(kind.rules);
  FilterCompiler compiler;
  std::vector<CompiledFilter> compiled;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    rules[i].filter = kind.filter(i);
    compiled.push_back(compiler.compile(rules[i].filter, {}));
    ASSERT_EQ(compiled.back().error, "") << rules[i].filter;
    if (!kind.has_windows) continue;
    rules[i].has_window = true;
    rules[i].start_ns = static_cast<std::int64_t>(below(random, 20'000));
    rules[i].end_ns = rules[i].start_ns + static_cast<std::int64_t>(below(random, 3'000));
  }
  RuleEngine engine(rules, "rules");
  test::Grammar grammar(random, {.hosts = 40, .ports = 100});
  std::size_t matched = 0;
  for (int i = 0; i < 300; ++i) {
    const std::string bytes = grammar.packet(1);
    const auto length = static_cast<std::uint32_t>(bytes.size() + below(random, 2) * 40);
    const auto time = static_cast<std::int64_t>(below(random, 22'000));
    const Rule* expected = nullptr;
    for (std::size_t k = 0; k < rules.size() && expected == nullptr; ++k)
      if (compiled[k].program != nullptr &&
          (!rules[k].has_window || (time >= rules[k].start_ns && time <= rules[k].end_ns)) &&
          compiled[k].program->matches(as_bytes(bytes), length))
        expected = &rules[k];
    ASSERT_EQ(engine.match({.data = as_bytes(bytes), .original_length = length, .timestamp_ns = time}),
              expected)
        << i;
    matched += expected != nullptr ? 1 : 0;
  }
  EXPECT_GT(matched, 5U);
}

}  // namespace
}  // namespace pcapml
