// SPDX-License-Identifier: Apache-2.0
#include "pcapml/rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <system_error>

#include "corpus.h"
#include "label/rule_file.h"
#include "pcapml/error.h"

namespace pcapml {
namespace {

using testing::HasSubstr;

Rule one(const std::string& text) {
  const auto rules = parse_rules(text, "rules");
  EXPECT_EQ(rules.size(), 1U) << text;
  return rules.empty() ? Rule{} : rules[0];
}

/// All that is wrong, or "".
std::string errors(const std::string& text) {
  try {
    parse_rules(text, "rules");
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

TEST(Rules, ReadALineOfEachKind) {
  const Rule rule = one("BPF:tcp port 80|TS_START:5|TS_END:6|FILE:a/b.pcap,web,site,visit=1,note=a=b");
  EXPECT_EQ(rule.filter, "tcp port 80");
  EXPECT_EQ(rule.start_ns, 5'000'000'000);
  EXPECT_EQ(rule.end_ns, 6'999'999'999);
  EXPECT_TRUE(rule.has_window);
  EXPECT_EQ(rule.file, "a/b.pcap");
  EXPECT_EQ(rule.label, "web");
  EXPECT_EQ(rule.hash_key, "site");
  EXPECT_EQ(rule.fields, (std::vector<std::pair<std::string, std::string>>{{"visit", "1"}, {"note", "a=b"}}));
  EXPECT_EQ(rule.comment, "0,web,visit=1,note=a=b");
  EXPECT_FALSE(one("BPF:tcp,x").has_window);
  EXPECT_EQ(one("TS_START:1|TS_END:2,x").filter, "");
}

TEST(Rules, SkipCommentsBlankLinesAndAByteOrderMark) {
  const auto rules =
      parse_rules("\xEF\xBB\xBF# one\r\n\r\n  \t\nBPF:udp,a\r\n  # \xFF is fine here\nBPF:tcp,b", "r");
  ASSERT_EQ(rules.size(), 2U);
  EXPECT_EQ(rules[0].line, 4U);
  EXPECT_EQ(rules[0].label, "a");
  EXPECT_EQ(rules[1].line, 6U);
  EXPECT_EQ(rules[1].sample_id, 1U);
  EXPECT_TRUE(parse_rules("", "r").empty());
  EXPECT_TRUE(parse_rules("\n#\n", "r").empty());
}

TEST(Rules, TakeKeywordsInAnyOrder) {
  const Rule rule = one("TS_END:2 | FILE:x y.pcap|BPF:udp |TS_START:1,x");
  EXPECT_EQ(rule.filter, "udp");
  EXPECT_EQ(rule.file, "x y.pcap");
  EXPECT_EQ(rule.start_ns, 1'000'000'000);
  EXPECT_EQ(rule.end_ns, 2'999'999'999);
}

TEST(Rules, LeaveABarInsideAFilterUnlessAKeywordFollows) {
  EXPECT_EQ(one("BPF:udp and (ip[8] | 1) = 65|TS_END:5,x").filter, "udp and (ip[8] | 1) = 65");
  EXPECT_EQ(one("BPF:tcp || udp,x").filter, "tcp || udp");
  EXPECT_EQ(one("FILE:a|b.pcap,x").file, "a|b.pcap");
}

TEST(Rules, AskWhatPacketsCarry) {
  const Rule rule = one(
      "LABEL:chr?me|DST:*.youtube.com|DIR:i|PROC:uid>=1000|PROC:args=*|PROC:uid>=1000|BPF:tcp|TS_END:5,x");
  EXPECT_EQ(rule.carried.label, "chr?me");
  EXPECT_EQ(rule.carried.destination, "*.youtube.com");
  EXPECT_EQ(rule.carried.direction, 'i');
  EXPECT_EQ(rule.filter, "tcp");
  using Key = ProcessCondition::Key;
  using Operator = ProcessCondition::Operator;
  EXPECT_EQ(rule.carried.process, (std::vector<ProcessCondition>{{Key::args, Operator::equal, "*", 0},
                                                                 {Key::uid, Operator::at_least, "", 1000}}));
  EXPECT_EQ(one("LABEL:a|b|DIR:e,x").carried.label, "a|b");
  EXPECT_EQ(one("\"PROC:args=*--a,b*\",x").carried.process[0].pattern, "*--a,b*");
  EXPECT_EQ(one("PROC:name!=a=b,x").carried.process[0].pattern, "a=b");
  EXPECT_TRUE(one("BPF:udp,x").carried.empty());
}

TEST(Rules, TellWhatIsWrongWithConditionsOnWhatPacketsCarry) {
  EXPECT_EQ(errors("DIR:out,x\nLABEL:,x\nLABEL:a|LABEL:b,x\nPROC:uid=-1,x\nPROC:pid<4294967296,x\n"),
            "rules:1: DIR: 'out' is no direction; write e for egress or i for ingress\n"
            "rules:2: LABEL: has no value; write one or leave the keyword out\n"
            "rules:3: LABEL: stands twice; one rule has it at most once\n"
            "rules:4: PROC: '-1' is no number of 32 bits\n"
            "rules:5: PROC: '4294967296' is no number of 32 bits");
  EXPECT_THAT(errors("PROC:comm=x,x"), HasSubstr("'comm=x' is no condition; write name, path,"));
  EXPECT_THAT(errors("PROC:name,x"), HasSubstr("'name' is no condition"));
  EXPECT_THAT(errors("PROC:name=,x"), HasSubstr("'name=' has no value"));
  EXPECT_THAT(errors("PROC:path>=/usr,x"), HasSubstr("compares a text; that takes = or !="));
}

TEST(Rules, QuoteAsInCsv) {
  EXPECT_EQ(one("\"BPF:udp|TS_START:1\",dns").filter, "udp");
  EXPECT_EQ(one("BPF:udp,\"comma, \"\"quoted\"\"\",\"k,1\",\"x=1,2\"").label, "comma, \"quoted\"");
  EXPECT_EQ(one("BPF:udp,\"a,b\",\"k,1\",\"x=1,2\"").comment, "0,a%2Cb,x=1%2C2");
  EXPECT_EQ(one("BPF:udp,the \"web\"").label, "the \"web\"");
  EXPECT_EQ(one("\"FILE:a,b.pcap\",x").file, "a,b.pcap");
  EXPECT_THAT(errors("\"BPF:udp,x\n"), HasSubstr("rules:1: the quote that opens field 1 is never closed"));
  EXPECT_THAT(errors("\"BPF:udp\"x,y"), HasSubstr("'x' follows the closing quote of field 1"));
  EXPECT_THAT(errors("BPF:udp,\"x\" ,k"), HasSubstr("closing quote of field 2"));
}

TEST(Rules, WindowsAreExactToTheNanosecond) {
  const Rule rule = one("TS_START:1795597021.729708|TS_END:1795597021.7297080,x");
  EXPECT_EQ(rule.start_ns, 1'795'597'021'729'708'000);
  EXPECT_EQ(rule.end_ns, rule.start_ns);
  EXPECT_EQ(one("TS_START:0|TS_END:0,x").end_ns, 999'999'999);
  EXPECT_EQ(one("TS_END:0.000000001,x").end_ns, 1);
  EXPECT_EQ(one("TS_START:5.5|TS_END:5,x").end_ns, 5'999'999'999);
  EXPECT_EQ(one("TS_START:007,x").start_ns, 7'000'000'000);
  EXPECT_EQ(one("TS_END:9223372036,x").end_ns, INT64_MAX);
  EXPECT_EQ(one("TS_END:9223372036.854775807,x").end_ns, INT64_MAX);
}

TEST(Rules, RefuseTimesThatAreNone) {
  for (const char* time : {"-1", "+1", "1e3", "soon", "1.", ".5", "1.2.3", "0x10", "1 2", "1.-5", "١"})
    EXPECT_THAT(errors(std::string("TS_START:") + time + ",x"), HasSubstr("is no time")) << time;
  EXPECT_THAT(errors("TS_START:1.0000000001,x"), HasSubstr("more than nine decimals"));
  for (const char* time : {"9223372037", "9223372036.854775808", "1700000000000", "99999999999999999999999"})
    EXPECT_THAT(errors(std::string("TS_END:") + time + ",x"), HasSubstr("beyond the year 2262")) << time;
  EXPECT_THAT(errors("TS_START:5|TS_END:4,x"), HasSubstr("TS_END is before TS_START"));
  EXPECT_THAT(errors("TS_START:5.1|TS_END:5.0,x"), HasSubstr("TS_END is before TS_START"));
}

TEST(Rules, NumberSamplesByRuleAndShareThemByHashKey) {
  const auto rules =
      parse_rules("BPF:port 1,a\nBPF:port 2,b,k\n#\nBPF:port 3,c,k\nBPF:port 4,d,\nBPF:port 5,e,,n=1", "r");
  ASSERT_EQ(rules.size(), 5U);
  EXPECT_EQ(rules[2].sample_id, 1U);
  EXPECT_EQ(rules[2].comment, "1,c");
  EXPECT_EQ(rules[3].sample_id, 3U);
  EXPECT_EQ(rules[4].comment, "4,e,n=1");
}

TEST(Rules, TellAllErrorsOfAFileInTheOrderOfLines) {
  const std::string all = errors(
      "BPF:udp\nBPF:udp,\nno condition,x\nBPF:,x\nBPF:udp|BPF:tcp,x\nBPF:udp,x,k,novalue,ok=1,=2\n"
      "BPF:host example.com,\nBPF:udp prt 5,x\nBPF:udp,<unlabeled>\n,x\nBPF:udp,  \n");
  EXPECT_EQ(
      all,
      "rules:1: no label; write a comma and the label after the condition\n"
      "rules:2: the label is empty\n"
      "rules:3: 'no condition' is no condition; begin with BPF:<filter>, TS_START:<time>, TS_END:<time>, "
      "FILE:<path>, LABEL:<pattern>, DST:<pattern>, DIR:e, DIR:i or PROC:<key><op><value>\n"
      "rules:4: BPF: has no value; write one or leave the keyword out\n"
      "rules:5: BPF: stands twice; one rule has it at most once\n"
      "rules:6: field 4 'novalue' is not key=value; a key is a lower-case letter, then lower-case letters, "
      "digits, _ . or -\n"
      "rules:6: field 6 '=2' is not key=value; a key is a lower-case letter, then lower-case letters, "
      "digits, _ . or -\n"
      "rules:7: the label is empty\n"
      "rules:7: filter 'host example.com': 'example.com' is no address, and a host name would mean what the "
      "name server says today; write addresses\n"
      "rules:8: filter 'udp prt 5': can't parse filter expression: syntax error\n"
      "rules:9: the label <unlabeled> means packets without one; choose another\n"
      "rules:10: no condition; begin with BPF:<filter>, TS_START:<time>, TS_END:<time>, FILE:<path>, "
      "LABEL:<pattern>, DST:<pattern>, DIR:e, DIR:i or PROC:<key><op><value>\n"
      "rules:11: the label is empty");
}

TEST(Rules, RefuseWhatIsNoText) {
  EXPECT_THAT(errors("BPF:udp,a\xFF"
                     "b"),
              HasSubstr("rules:1: byte 10 of the line is no valid UTF-8"));
  EXPECT_THAT(errors("BPF:udp,a\xED\xA0\x80"), HasSubstr("no valid UTF-8"));
  EXPECT_THAT(errors(std::string("BPF:udp\0 and port 5,a", 20)), HasSubstr("zero byte"));
  EXPECT_THAT(errors("BPF:udp\n\x1B]0;x\x07,a"), testing::Not(HasSubstr("\x1B")));
}

TEST(Rules, HoldALabelToWhatACommentCanHold) {
  EXPECT_EQ(errors("BPF:udp," + std::string(65'533, 'x')), "");
  EXPECT_THAT(errors("BPF:udp," + std::string(65'534, 'x')), HasSubstr("take 65536 bytes"));
  EXPECT_THAT(errors("BPF:udp,x,,note=" + std::string(21'844, ',')), HasSubstr("is not key=value"));
  EXPECT_EQ(errors("BPF:udp,x,,\"n=" + std::string(21'843, ',') + "\""), "");
  EXPECT_THAT(errors("BPF:udp,x,,\"n=" + std::string(21'844, ',') + "\""), HasSubstr("holds 65535"));
  EXPECT_THAT(errors(std::string(9, '\n') + "BPF:tcp,a\n" + std::string(9, '\n') + "BPF:udp," +
                     std::string(65'534, 'x')),
              HasSubstr("rules:20: "));
}

TEST(Rules, RefuseAFilterThatLibpcapWouldThinkAboutForMinutes) {
  const auto filter = [](int terms, const std::string& joint) {
    std::string text = "port 1";
    for (int i = 2; i <= terms; ++i) text += joint + std::to_string(i);
    return "BPF:" + text + ",x";
  };
  for (const char* joint : {" or ", "||", " and port "})
    EXPECT_THAT(errors(filter(513, joint)), HasSubstr("split it into several rules that share a hash_key"));
  EXPECT_EQ(errors(filter(60, " or ")), "");
  EXPECT_EQ(errors(filter(2000, " or port ")), "");  // in pieces
  EXPECT_THAT(errors("BPF:len" + std::string(32'768, ' ') + ">5,x"), HasSubstr("split it"));
}

TEST(Rules, ReadFilesOfEarlierVersions) {
  const auto files = test::corpus_files("pcapml-legacy/label-test", ".txt");
  PCAPML_NEED_CORPUS(files);
  const auto rules = read_rules(files[0]);
  ASSERT_EQ(rules.size(), 10U);
  EXPECT_EQ(rules[0].filter, "host 192.168.10.25");
  EXPECT_EQ(rules[0].label, "mac os");
  EXPECT_EQ(rules[0].hash_key, "");
  EXPECT_EQ(rules[5].sample_id, 1U);  // shares the key of the second
}

TEST(Rules, NameAFileThatCannotBeRead) {
  EXPECT_THROW(read_rules("/no/such/rules"), std::system_error);
  EXPECT_THROW(read_rules("/"), std::system_error);
}

TEST(RuleFile, KeepsTheFiltersOfMalformedLines) {
  const RuleFile file = parse_rule_file("BPF:host nowhere.example,\n");
  ASSERT_EQ(file.rules.size(), 1U);
  EXPECT_EQ(file.rules[0].filter, "host nowhere.example");
  ASSERT_EQ(file.problems.size(), 1U);
  EXPECT_EQ(file.problems[0].line, 1U);
}

}  // namespace
}  // namespace pcapml
