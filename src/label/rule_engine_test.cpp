// SPDX-License-Identifier: Apache-2.0
#include "pcapml/rule_engine.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <initializer_list>
#include <string>

#include "pcapml/error.h"

namespace pcapml {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// Ethernet, IPv4 10.0.0.1 > 10.0.0.2, UDP with these ports, no payload.
std::string udp(int source, int destination) {
  std::string packet("\2\0\0\0\0\2\2\0\0\0\0\1\x08\0", 14);
  packet += std::string("\x45\0\0\x1c\0\0\0\0\x40\x11\0\0\x0a\0\0\1\x0a\0\0\2", 20);
  for (const int port : {source, destination})
    packet += {static_cast<char>(port >> 8), static_cast<char>(port)};
  return packet + std::string("\0\x08\0\0", 4);
}

class Engine : public testing::Test {
 protected:
  void load(const std::string& text) {
    rules_ = parse_rules(text, "rules");
    engine_ = std::make_unique<RuleEngine>(rules_, "rules");
  }
  /// Label of the matching rule, or "".
  std::string label(RuleInput input) {
    const Rule* rule = engine_->match(input);
    return rule == nullptr ? "" : rule->label;
  }
  std::string label(const std::string& packet, std::int64_t timestamp_ns = 0, std::uint16_t link_type = 1) {
    return label({.link_type = link_type,
                  .data = as_bytes(packet),
                  .original_length = static_cast<std::uint32_t>(packet.size()),
                  .timestamp_ns = timestamp_ns});
  }
  std::string failure() const {
    try {
      engine_->check_link_types();
    } catch (const DataError& error) {
      return error.what();
    }
    return "";
  }

  std::vector<Rule> rules_;
  std::unique_ptr<RuleEngine> engine_;
};

TEST_F(Engine, TheFirstMatchWins) {
  load("BPF:port 7,seven\nBPF:udp,udp\nBPF:port 9,never first\n");
  EXPECT_EQ(label(udp(9, 7)), "seven");
  EXPECT_EQ(label(udp(9, 8)), "udp");
  EXPECT_EQ(label("x"), "");
  EXPECT_THAT(engine_->warnings(), IsEmpty());
  EXPECT_EQ(failure(), "");
}

TEST_F(Engine, NoRulesMatchNothing) {
  load("# nothing\n");
  EXPECT_EQ(label(udp(1, 2)), "");
}

TEST_F(Engine, WindowsAreInclusiveOnBothSides) {
  load("TS_START:5|TS_END:6,window\n");
  EXPECT_EQ(label("x", 4'999'999'999), "");
  EXPECT_EQ(label("x", 5'000'000'000), "window");
  EXPECT_EQ(label("x", 6'999'999'999), "window");
  EXPECT_EQ(label("x", 7'000'000'000), "");
}

TEST_F(Engine, BytesThatAreMissingAreNotZeros) {
  std::string text;
  for (int port = 0; port < 30; ++port) text += fmt::format("BPF:udp dst port {0},to {0}\n", port);
  load(text);
  const std::string packet = udp(7, 0);
  EXPECT_EQ(label(packet), "to 0");
  EXPECT_EQ(label(packet.substr(0, 36)), "");
  EXPECT_EQ(label(packet), "to 0");

  load("BPF:udp[9] = 1,one\nBPF:udp[9] = 2,two\nBPF:udp[9] = 0,zero\n");
  EXPECT_EQ(label(packet + std::string(2, '\0')), "zero");
  EXPECT_EQ(label(packet + std::string(1, '\0')), "");
  EXPECT_EQ(label(packet + std::string(2, '\0')), "zero");
}

TEST_F(Engine, ManyWindowsShareOneFilter) {
  load("BPF:udp|TS_START:1|TS_END:1,a\nBPF:udp|TS_START:2|TS_END:2,b\nBPF: udp ,rest\n");
  EXPECT_EQ(label(udp(1, 2), 1'500'000'000), "a");
  EXPECT_EQ(label(udp(1, 2), 2'500'000'000), "b");
  EXPECT_EQ(label(udp(1, 2), 3'500'000'000), "rest");
  EXPECT_EQ(label("x", 1'500'000'000), "");
  EXPECT_EQ(label(udp(1, 2), 1'500'000'000), "a");
}

TEST_F(Engine, APacketWithoutATimeIsInNoWindow) {
  load("TS_START:0,since ever\nBPF:len >= 0,any\n");
  EXPECT_EQ(
      label({.link_type = 1, .data = {}, .original_length = 0, .timestamp_ns = 0, .has_timestamp = false}),
      "any");
  EXPECT_EQ(label("x", 0), "since ever");
}

TEST_F(Engine, LenIsTheOriginalLengthAndBytesAreThoseCaptured) {
  load("BPF:len > 500 and udp[8] = 0x78,payload\nBPF:len > 500,large\nBPF:len <= 500,small\n");
  std::string packet = udp(1, 2);
  const auto cut = [&](std::size_t size) {
    return label({.link_type = 1, .data = as_bytes(packet).first(size), .original_length = 542});
  };
  EXPECT_EQ(cut(42), "large");
  packet += 'x';
  EXPECT_EQ(cut(43), "payload");
  EXPECT_EQ(cut(0), "large");
  EXPECT_EQ(label(packet), "small");
}

TEST_F(Engine, LinkTypesOfFilesAreNotThoseOfLibpcap) {
  load("BPF:udp port 53,dns\n");
  EXPECT_EQ(label(udp(53, 1).substr(14), 0, 101), "dns");  // DLT_RAW is 12 on Linux
  EXPECT_EQ(label(udp(53, 1).substr(14), 0, 228), "dns");
  EXPECT_EQ(label(udp(53, 1), 0, 1), "dns");
}

TEST_F(Engine, LoopbackFollowsTheByteOrderOfTheFileAndAnySystemsIpv6) {
  load("BPF:ip,four\nBPF:ip6,six\n");
  const auto loopback = [&](std::string header, ByteOrder order, const char* rest) {
    const std::string packet = header + rest + std::string(60, '\0');
    return label({.link_type = 0, .data = as_bytes(packet), .original_length = 64, .order = order});
  };
  EXPECT_EQ(loopback({"\2\0\0\0", 4}, ByteOrder::little, "\x45"), "four");
  EXPECT_EQ(loopback({"\0\0\0\2", 4}, ByteOrder::big, "\x45"), "four");
  EXPECT_EQ(loopback({"\0\0\0\2", 4}, ByteOrder::little, "\x45"), "");
  for (const char family : {'\x18', '\x1c', '\x1e'})  // the BSDs and macOS
    EXPECT_EQ(loopback({family, 0, 0, 0}, ByteOrder::little, "\x60"), "six");
}

TEST_F(Engine, RulesWithoutAFilterWorkOnEveryLinkType) {
  load("TS_START:5,any\n");
  for (int link_type = 0; link_type < 400; ++link_type)
    EXPECT_EQ(label("x", 6'000'000'000, static_cast<std::uint16_t>(link_type)), "any");
  EXPECT_EQ(label("x", 6'000'000'000, 65535), "any");
  EXPECT_EQ(failure(), "");
}

TEST_F(Engine, AFilterThatFitsNoLinkTypeOfTheInputIsAnErrorAtTheEnd) {
  load("BPF:tcp port 80,web\nBPF:len > 2,large\n#\nBPF:tcp port 80|TS_START:1,web\n");
  EXPECT_EQ(failure(), "");
  EXPECT_EQ(label("abc", 0, 220), "large");
  EXPECT_EQ(label("abc", 0, 220), "large");
  EXPECT_THAT(failure(),
              HasSubstr("rules:1: filter 'tcp port 80' fits no link type of the input; link type 220 ("));
  EXPECT_THAT(failure(), HasSubstr("\nrules:4: filter 'tcp port 80'"));
  EXPECT_THAT(failure(), testing::Not(HasSubstr("rules:2")));
  EXPECT_THAT(engine_->warnings(), IsEmpty());
}

TEST_F(Engine, AFilterThatFitsSomeLinkTypesIsCountedOnTheOthers) {
  load("BPF:udp,udp\nTS_START:0,any\n");
  EXPECT_EQ(label("abc", 0, 220), "any");
  EXPECT_EQ(label(udp(1, 2)), "udp");
  EXPECT_EQ(label("abc", 0, 220), "any");
  EXPECT_EQ(failure(), "");
  EXPECT_THAT(engine_->warnings(),
              ElementsAre(HasSubstr("rules:1: filter 'udp' was not tried on 2 packets: link type 220 (")));
}

TEST_F(Engine, AFilterThatCanNeverMatchIsAWarningOnce) {
  load("BPF:ip and ether proto 0x0806,never\nBPF:ip and ether proto 0x0806|TS_END:9,never\nBPF:udp,dns\n");
  EXPECT_EQ(label(udp(1, 2)), "dns");
  EXPECT_EQ(label(udp(1, 2)), "dns");
  EXPECT_THAT(engine_->warnings(),
              ElementsAre(HasSubstr("rules:1: filter 'ip and ether proto 0x0806' can never")));
  EXPECT_EQ(failure(), "");
}

TEST_F(Engine, AFilterThatCanMatchOnAnotherLinkTypeIsNoWarning) {
  load("BPF:arp,arp\n");
  label("abc", 0, 101);
  EXPECT_EQ(engine_->warnings().size(), 1U);
  label(udp(1, 2));
  EXPECT_THAT(engine_->warnings(), IsEmpty());
}

TEST_F(Engine, FileRulesHoldForTheirFileOnlyAndKeepTheirPlace) {
  load(
      "BPF:port 1,one\nFILE:./a//x.pcap|BPF:udp,ours\nBPF:port "
      "2,two\nFILE:/tmp/../tmp/b.pcap,b\nFILE:no.pcap,no\n");
  EXPECT_EQ(label(udp(9, 9)), "");
  engine_->select_file({"a/x.pcap", "/home/a/x.pcap"});
  EXPECT_EQ(label(udp(1, 9)), "one");
  EXPECT_EQ(label(udp(2, 9)), "ours");
  EXPECT_EQ(label("x"), "");
  engine_->select_file({"b.pcap", "/tmp/b.pcap"});
  EXPECT_EQ(label(udp(2, 9)), "two");
  EXPECT_EQ(label("x"), "b");
  engine_->select_file({"c.pcap"});
  EXPECT_EQ(label(udp(9, 9)), "");
  EXPECT_THAT(engine_->warnings(), ElementsAre("rules:5: no input is the file 'no.pcap'"));
}

TEST_F(Engine, AFilterOfAFileRuleIsJudgedByItsFileOnly) {
  load("FILE:a.pcap|BPF:udp,a\nFILE:b.pcap|BPF:tcp,b\n");
  engine_->select_file({"a.pcap"});
  label("x", 0, 220);
  label("x", 0, 220);
  engine_->select_file({"b.pcap"});
  label(udp(1, 2));
  EXPECT_THAT(failure(), HasSubstr("rules:1: "));
  EXPECT_THAT(failure(), testing::Not(HasSubstr("rules:2: ")));
  engine_->select_file({"a.pcap"});
  EXPECT_EQ(label(udp(1, 2)), "a");
  label("x", 0, 220);
  EXPECT_EQ(failure(), "");
  EXPECT_THAT(engine_->warnings(), ElementsAre(HasSubstr("not tried on 3 packets")));
}

/// Leaves rubbish where the next call has its variables.
__attribute__((noinline)) int litter(int value) {
  volatile unsigned char stack[4096];
  for (auto& byte : stack) byte = static_cast<unsigned char>(value);
  return stack[100];
}

TEST_F(Engine, NoAnswerDependsOnWhatLiesOnTheStack) {
  // The program of libpcap 1.10 reads scratch memory that it never wrote.
  load("BPF:not ((geneve and ether host 00:11:22:33:44:55) or rarp) and len <= 100,x\n");
  for (const int value : {0, 1, 0x80, 0xFF}) {
    litter(value);
    EXPECT_EQ(label(udp(1, 2)), "x") << value;
  }
}

TEST_F(Engine, MovesWithItsState) {
  load("BPF:udp,udp\n");
  RuleEngine moved = std::move(*engine_);
  const std::string packet = udp(1, 2);
  EXPECT_NE(moved.match({.data = as_bytes(packet), .original_length = 42}), nullptr);
}

TEST_F(Engine, HandMadeRulesAreHeldToTheSameFilters) {
  rules_.resize(1);
  rules_[0].filter = "host localhost";
  engine_ = std::make_unique<RuleEngine>(rules_, "rules");
  EXPECT_EQ(label(udp(1, 2)), "");
  EXPECT_THAT(failure(), HasSubstr("'localhost' is no address"));
}

}  // namespace
}  // namespace pcapml
