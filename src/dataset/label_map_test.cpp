// SPDX-License-Identifier: Apache-2.0
#include "dataset/label_map.h"

#include <gtest/gtest.h>

#include "dataset/label_numbers.h"
#include "pcapml/error.h"

namespace pcapml {
namespace {

std::string shown(std::string_view text) {
  std::string result;
  for (const auto& line : parse_label_map(text, "map.csv"))
    result += std::to_string(line.line) + ":" + line.from + ">" + line.to + ";";
  return result;
}

std::string problems(std::string_view text) {
  try {
    parse_label_map(text, "map.csv");
  } catch (const UsageError& error) {
    return error.what();
  }
  return {};
}

TEST(LabelMap, ReadsCsvWithHeaderCommentsAndBlankLines) {
  EXPECT_EQ(shown("from,to\r\nhttps-traffic,web\r\n"), "2:https-traffic>web;");
  EXPECT_EQ(shown("# names\n\nchrome,web\n\n  x , y \n#end"), "3:chrome>web;5:  x > y ;");
  EXPECT_EQ(shown("\xef\xbb\xbf"
                  "from,to\na,b"),
            "2:a>b;");
  EXPECT_EQ(shown("a,b\nfrom,to\n"), "1:a>b;2:from>to;") << "a header stands first";
  EXPECT_EQ(shown(""), "");
}

TEST(LabelMap, QuotedFieldsHoldAnything) {
  EXPECT_EQ(shown("\"a,b\",\"say \"\"hi\"\"\"\n\"#1\",\"two\nlines\"\nlast,\"x\""),
            "1:a,b>say \"hi\";2:#1>two\nlines;4:last>x;");
}

TEST(LabelMap, TellsAllProblemsAtOnce) {
  EXPECT_EQ(problems("a\nb,c\n,x\ny,\nb,d\na,b,c\nq\"x,y\n\"a\"b,c\nw,<unlabeled>\n\"open,z\n"),
            "map.csv:1: one field where `from,to` has two\n"
            "map.csv:3: an empty label\n"
            "map.csv:4: an empty label\n"
            "map.csv:5: `b` is renamed in line 2 already\n"
            "map.csv:6: 3 fields where `from,to` has two\n"
            "map.csv:7: a quote inside a field that does not begin with one\n"
            "map.csv:8: text after the end of a quoted field\n"
            "map.csv:9: `<unlabeled>` stands for packets without a label and is none\n"
            "map.csv:10: a quoted field that does not end");
}

PacketLabel label(std::string_view comment) {
  PacketLabel result;
  result.comment = comment;
  result.label = parse_label(comment);
  return result;
}

TEST(LabelNumbers, RenamesOnceAndRemembersComments) {
  LabelNumbers numbers(parse_label_map("a,b\nb,c\n\"x,y\",z\nnever,met\n", "map.csv"));
  const auto name = [&](std::string_view comment) {
    return numbers.names()[numbers.number_of(label(comment))];
  };
  EXPECT_EQ(numbers.number_of({}), LabelNumbers::kNoLabel);
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(name("1,a"), "b");
    EXPECT_EQ(name("2,b,dst=x"), "c");
    EXPECT_EQ(name("2,c"), "c");
    EXPECT_EQ(name("3,x%2Cy"), "z");
    EXPECT_EQ(name("3,other"), "other");
    EXPECT_EQ(name("4," + std::string(1000, 'l')), std::string(1000, 'l'));
  }
  EXPECT_EQ(numbers.names().size(), 6u);
  ASSERT_EQ(numbers.unused().size(), 1u);
  EXPECT_EQ(numbers.unused()[0].line, 4u);
}

TEST(LabelNumbers, ManyLabelsKeepTheirNumbers) {
  LabelNumbers numbers({});
  for (int round = 0; round < 2; ++round)
    for (std::uint32_t i = 0; i < 50'000; ++i) {
      const std::string comment = std::to_string(i) + ",label" + std::to_string(i);
      ASSERT_EQ(numbers.number_of(label(comment)), i + 1);
    }
}

}  // namespace
}  // namespace pcapml
