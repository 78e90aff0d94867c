// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "pcapml/rule_engine.h"

namespace pcapml {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// What is said of the rules, each named by its line, after a packet of each link type.
std::vector<std::string> covered(const std::string& text,
                                 const std::vector<std::uint16_t>& link_types = {1}) {
  const std::vector<Rule> rules = parse_rules(text, "rules");
  RuleEngine engine(rules, "rules");
  for (const std::uint16_t link_type : link_types)
    engine.match({.link_type = link_type, .data = as_bytes("x")});
  return engine.covered_rules();
}

TEST(CoveredRules, AreThoseWithAnEqualFilterBehindItsWindows) {
  EXPECT_THAT(covered("BPF:port 7,a\nBPF:port  7,b\n"),
              ElementsAre("rules:2: the rule for 'b' can never match: line 1 comes before it"));
  EXPECT_THAT(
      covered(
          "BPF:udp|TS_START:5|TS_END:9,a\nBPF:udp|TS_START:6|TS_END:8,b\nBPF:udp|TS_START:6|TS_END:10,c\n"),
      ElementsAre(HasSubstr("rules:2: the rule for 'b'")));
  EXPECT_THAT(
      covered(
          "BPF:udp|TS_START:5|TS_END:7,a\nBPF:udp|TS_START:8|TS_END:9,b\nBPF:udp|TS_START:6|TS_END:9,c\n"),
      ElementsAre(HasSubstr("rules:3: the rule for 'c' can never match: line 1")));
  EXPECT_THAT(covered("BPF:udp|TS_START:0|TS_END:4000000000,a\nBPF:udp,a packet may have no time\n"),
              IsEmpty());
}

TEST(CoveredRules, AreThoseWhoseFilterSaysMoreThanAnEarlierOne) {
  EXPECT_THAT(covered("BPF:host 10.0.0.1,a\nBPF:host 10.0.0.1 and tcp port 80,b\nBPF:host 10.0.0.2,c\n"),
              ElementsAre(HasSubstr("rules:2:")));
  EXPECT_THAT(covered("BPF:net 10.0.0.0/8,a\nBPF:src host 10.9.9.9,b\nBPF:host 11.0.0.1,c\n"),
              ElementsAre(HasSubstr("rules:2:")));
  EXPECT_THAT(covered("BPF:src port 7,a\nBPF:dst port 7,b\nBPF:port 7,c\n"),
              ElementsAre(HasSubstr("rules:3: the rule for 'c' can never match")));
  EXPECT_THAT(covered("TS_START:1|TS_END:2,a\nBPF:udp|TS_START:1|TS_END:2,b\nBPF:udp,c\n"),
              ElementsAre(HasSubstr("rules:2:")));
}

TEST(CoveredRules, AreNoneWhereAPacketIsLeft) {
  EXPECT_THAT(covered("BPF:host 10.0.0.1 and tcp port 80,a\nBPF:host 10.0.0.1,b\n"), IsEmpty());
  EXPECT_THAT(covered("BPF:not host 10.0.0.1,a\nBPF:host 10.0.0.1,b\n"), IsEmpty());
  EXPECT_THAT(covered("BPF:udp[20] = 0,a\nBPF:udp[20] = 0 or udp[20] = 1,b\n"), IsEmpty());
  EXPECT_THAT(covered("FILE:one.pcap,a\nBPF:udp|FILE:one.pcap,b\n"), IsEmpty());
}

TEST(CoveredRules, AreThoseThatAskPacketsForTheSameOrMore) {
  EXPECT_THAT(covered("LABEL:a|BPF:udp,x\nLABEL:a|BPF:udp port 5,y\n"), ElementsAre(HasSubstr("rules:2:")));
  EXPECT_THAT(covered("BPF:udp,x\nLABEL:a|BPF:udp,y\n"), ElementsAre(HasSubstr("rules:2: the rule for 'y'")));
  EXPECT_THAT(covered("TS_START:1|TS_END:5,x\nDIR:e|BPF:udp|TS_START:2|TS_END:3,y\n"),
              ElementsAre(HasSubstr("rules:2:")));
  EXPECT_THAT(covered("LABEL:a|BPF:udp,x\nBPF:udp,y\nLABEL:b|BPF:tcp,z\n"), IsEmpty());
  EXPECT_THAT(covered("LABEL:a,x\nLABEL:b,y\n"), IsEmpty());
}

TEST(CoveredRules, AreCoveredOnAllLinkTypesOfTheInput) {
  const std::string text = "BPF:ether host 02:00:00:00:00:01 or ip,a\nBPF:ip,b\n";
  EXPECT_THAT(covered(text), ElementsAre(HasSubstr("rules:2:")));
  EXPECT_THAT(covered(text, {1, 101}), IsEmpty());
}

TEST(CoveredRules, AreNamedUpToTwenty) {
  std::string text = "BPF:udp,a\n";
  for (int i = 1; i <= 30; ++i) text += "BPF:udp port " + std::to_string(i) + ",b\n";
  const std::vector<std::string> lines = covered(text);
  ASSERT_EQ(lines.size(), 21U);
  EXPECT_EQ(lines.back(), "rules: 10 more rules can never match");
}

}  // namespace
}  // namespace pcapml
