// SPDX-License-Identifier: Apache-2.0
#include "pcapml/rule_engine.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <initializer_list>
#include <string>

#include "format/block.h"
#include "format/options.h"
#include "format/process_block.h"
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
  const auto loopback = [&](const std::string& header, ByteOrder order, const char* rest) {
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

/// What packets carry: their labels, and processes of blocks that the engine was told.
class CarriedEngine : public Engine {
 protected:
  std::string label_of(const std::string& comment, std::optional<std::uint32_t> pid = {},
                       std::int64_t timestamp_ns = 50) {
    const auto carried = parse_label(comment);
    RuleInput input{.data = as_bytes("x"), .timestamp_ns = timestamp_ns};
    if (carried) input.label = &*carried;
    input.pid = pid;
    return label(input);
  }
  void tell(const ProcessInfo& info) {
    const auto body = process_block_body(info, ByteOrder::big);
    engine_->block({.type = kCustom, .order = ByteOrder::big, .body = body});
  }
  static ProcessInfo curl(std::int64_t start_ns) {
    ProcessInfo info;
    info.pid = 7;
    info.name = "curl";
    info.command_line = std::string("curl\0-o\0x", 9);
    info.uid = 1000;
    info.start_time_ns = start_ns;
    return info;
  }
};

TEST_F(CarriedEngine, LabelsAreAskedByName) {
  load(
      "LABEL:chrome|DST:*.YouTube.com,video\nLABEL:chr*|DIR:e,out\nLABEL:a%2Cb,literal\n\"LABEL:a,b\","
      "comma\nLABEL:*,any\n");
  EXPECT_EQ(label_of("1,chrome,d=i,dst=WWW.youtube.com"), "video");
  EXPECT_EQ(label_of("2,chrome,d=e,dst=youtube.com"), "out");
  EXPECT_EQ(label_of("s=2,proc=chrome,dir=lan2wan,dst=youtube.com"), "out");
  EXPECT_EQ(label_of("3,chrome,d=i"), "any");
  EXPECT_EQ(label_of("4,a%2Cb"), "comma");
  EXPECT_EQ(label_of("4,a%252Cb"), "literal");
  EXPECT_EQ(label_of("5,video,dst="), "any");
  EXPECT_EQ(label_of("no label"), "");
  EXPECT_EQ(label_of("6,Chrome,d=e"), "any");
}

TEST_F(CarriedEngine, APacketIsOfTheProgramThatItsProcessRanThen) {
  load("PROC:name=curl|PROC:args=curl -o x|PROC:uid<=1000,curl\nPROC:name!=curl,other\nPROC:pid=7,seven\n");
  tell(curl(40));
  ProcessInfo shell = curl(60);
  shell.name = "sh";
  tell(shell);
  EXPECT_EQ(label_of("1,x", 7, 39), "seven");
  EXPECT_EQ(label_of("1,x", 7, 40), "curl");
  EXPECT_EQ(label_of("1,x", 7, 59), "curl");
  EXPECT_EQ(label_of("1,x", 7, 60), "other");
  EXPECT_EQ(label_of("1,x", 8), "");
  EXPECT_EQ(label_of("1,x"), "");
  EXPECT_THAT(engine_->warnings(), ElementsAre(HasSubstr("only the process id of 2 packets")));
}

TEST_F(CarriedEngine, ProcessesAreThoseOfTheirSection) {
  load("PROC:name=curl,curl\n");
  tell(curl(0));
  EXPECT_EQ(label_of("1,x", 7), "curl");
  engine_->begin_section({}, "file");
  EXPECT_EQ(label_of("1,x", 7), "");
}

TEST_F(CarriedEngine, ProcessesOfSeveralHostsAreNotMixed) {
  load("PROC:name=curl,curl\n");
  OptionList options(ByteOrder::little);
  for (const char* host : {"host: one", "host: one", "command: x"}) options.add(kComment, host);
  engine_->begin_section({.order = ByteOrder::little, .options = options.bytes(), .offset = 0}, "file");
  tell(curl(0));
  options.add(kComment, "host: two");
  engine_->begin_section({.order = ByteOrder::little, .options = options.bytes(), .offset = 96}, "file");
  try {
    tell(curl(0));
    FAIL();
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(), HasSubstr("file: byte 96: the section joins captures of several hosts"));
  }
  load("LABEL:x,y\n");
  engine_->begin_section({.order = ByteOrder::little, .options = options.bytes(), .offset = 96}, "file");
  tell(curl(0));
}

TEST_F(CarriedEngine, DamagedBlocksAreNoProcesses) {
  load("PROC:pid>0,any\n");
  const auto body = process_block_body(curl(0), ByteOrder::big);
  for (std::size_t size = 0; size < body.size(); ++size)
    engine_->block({.type = kCustom, .order = ByteOrder::big, .body = Bytes(body).first(size)});
  EXPECT_EQ(label_of("1,x", 7), "any");
  EXPECT_THAT(engine_->warnings(), ElementsAre(HasSubstr("only the process id of 1 packet,")));
}

TEST_F(CarriedEngine, SaysWhereNothingIsCarried) {
  load("BPF:udp,x\nDIR:e,y\nPROC:uid=0,z\n");
  EXPECT_EQ(label_of(""), "");
  EXPECT_THAT(engine_->warnings(),
              ElementsAre("rules:2: asks for labels, and no packet of the input has one",
                          "rules:3: PROC: asks for processes, and no packet of the input names one"));
}

TEST_F(CarriedEngine, TenThousandOfEachKindAnswerRight) {
  std::string text;
  for (int i = 0; i < 10'000; ++i) {
    text += fmt::format("LABEL:chrome|DST:*.site{}.com,d{}\n", i, i);
    text += fmt::format("PROC:pid={},p{}\n", 100'000 + i, i);
    text += fmt::format("LABEL:l{}|BPF:udp port {}|TS_START:0|TS_END:9,l{}\n", i, i, i);
  }
  load(text);
  for (const int i : {0, 17, 9'999}) {
    EXPECT_EQ(label_of(fmt::format("1,chrome,dst=www.site{}.com", i)), fmt::format("d{}", i));
    EXPECT_EQ(label_of("1,chrome", 100'000 + i), fmt::format("p{}", i));
    const std::string comment = fmt::format("5,l{}", i), packet = udp(i, 20'000);
    const auto carried = parse_label(comment);
    RuleInput input{.data = as_bytes(packet), .original_length = 42};
    input.label = &*carried;
    EXPECT_EQ(label(input), fmt::format("l{}", i));
  }
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
