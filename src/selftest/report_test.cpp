// SPDX-License-Identifier: Apache-2.0
#include "selftest/report.h"

#include <gmock/gmock.h>

#include "selftest/selftest.h"

namespace pcapml::selftest {
namespace {

using testing::HasSubstr;

Result example() {
  Result result;
  result.version = "1.0.0";
  result.system = "Linux 6.1.0_a&b";
  result.machine = "x86_64";
  const Counts counts{8, 4, 1, 2, 1, 3};
  result.kinds = {{"udp", "UDP, 100% plain", "", counts}, {"udp6", "UDP over IPv6", "no IPv6: EADDR_X", {}}};
  result.total = counts;
  result.faults[{"udp", 'e', "st-udp-cli", "_unknown", false}] = 2;
  return result;
}

TEST(SelftestReport, TextHasEachKindItsFaultsAndWhySomeWereSkipped) {
  const std::string text = to_text(example());
  EXPECT_THAT(text, HasSubstr("pcapml 1.0.0 on Linux 6.1.0_a&b x86_64"));
  EXPECT_THAT(text, HasSubstr("UDP, 100% plain         8         4       1        2       1\n"));
  EXPECT_THAT(text, HasSubstr("UDP over IPv6    skipped: no IPv6: EADDR_X\n"));
  EXPECT_THAT(text, HasSubstr("udp: 2 sent by st-udp-cli: labelled _unknown\n"));
}

TEST(SelftestReport, LatexEscapesWhatMeansSomethingToIt) {
  EXPECT_EQ(latex_text("a_b & 5% of $1 #2 {x}"), "a\\_b \\& 5\\% of \\$1 \\#2 \\{x\\}");
  EXPECT_EQ(latex_text("\\~^"), "\\textbackslash{}\\textasciitilde{}\\textasciicircum{}");
  EXPECT_EQ(latex_text("<|>"), "\\textless{}\\textbar{}\\textgreater{}");
}

TEST(SelftestReport, LatexIsAWholeTable) {
  const std::string latex = to_latex(example());
  EXPECT_THAT(latex, HasSubstr("\\caption{Labels of pcapml 1.0.0 on Linux 6.1.0\\_a\\&b (x86\\_64)"));
  EXPECT_THAT(latex, HasSubstr("UDP, 100\\% plain & 8 & 4 & 1 & 2 & 1 \\\\\n"));
  EXPECT_THAT(latex, HasSubstr("UDP over IPv6 & \\multicolumn{5}{l}{skipped: no IPv6: EADDR\\_X} \\\\\n"));
  EXPECT_THAT(latex, HasSubstr("% udp: 2 sent by st-udp-cli: labelled _unknown\n"));
  EXPECT_THAT(latex, testing::EndsWith("\\end{tabular}\n\\end{table}\n"));
}

TEST(SelftestReport, OnlyWithoutAnyFaultItIsPerfect) {
  Result result = example();
  EXPECT_FALSE(result.is_perfect());
  result.total = {8, 8, 0, 0, 0, 3};
  EXPECT_TRUE(result.is_perfect());
  result.strangers = 1;
  EXPECT_FALSE(result.is_perfect());
  result.strangers = 0;
  result.witness_dropped = 1;
  EXPECT_FALSE(result.is_perfect());
}

}  // namespace
}  // namespace pcapml::selftest
