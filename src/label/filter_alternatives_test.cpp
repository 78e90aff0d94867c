// SPDX-License-Identifier: Apache-2.0
#include "label/filter_alternatives.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "label/bpf_filter.h"
#include "label/filter_grammar.h"

namespace pcapml {
namespace {

using testing::Optional;
using testing::SizeIs;

std::string repeated(const std::string& term, int times) {
  std::string filter = term;
  for (int i = 1; i < times; ++i) filter += " or " + term;
  return filter;
}

TEST(FilterAlternatives, AreCutIntoPiecesAtOrOnly) {
  EXPECT_THAT(split_alternatives(repeated("host 10.0.0.1", 40)), Optional(SizeIs(3)));
  EXPECT_THAT(split_alternatives(repeated("src or dst port 80", 17)), Optional(SizeIs(2)));
  EXPECT_THAT(split_alternatives(repeated("not (tcp port 80 and host 10.0.0.1)", 33)), Optional(SizeIs(3)));
  EXPECT_THAT(split_alternatives(repeated("tcp[0:2] & 4 = 0 || ip6", 8)), Optional(SizeIs(1)));
  const std::string filter = repeated("net 10.0.0.0/8", 16) + " or port 7";
  ASSERT_THAT(split_alternatives(filter), Optional(SizeIs(2)));
  EXPECT_EQ(split_alternatives(filter)->back(), " port 7");
}

TEST(FilterAlternatives, AreLeftWholeWhereAPieceMightMeanSomethingElse) {
  for (const char* filter :
       {"host 10.0.0.1 or 10.0.0.2", "host 10.0.0.1 or (10.0.0.2)", "port 80 or http",
        "tcp or udp and port 80", "tcp && port 80 or udp", "vlan 1 or port 80", "port 80 or (mpls and udp)",
        "src 10.0.0.1 or not 10.0.0.2", "len > 5 or 5 < len", "tcp or", "(tcp or udp", "tcp) or udp",
        "src and not dst port 80", ""})
    EXPECT_EQ(split_alternatives(filter), std::nullopt) << filter;
}

/// The program that libpcap makes of the whole.
FilterProgram whole(const std::string& filter) {
  pcap_t* handle = pcap_open_dead(1, 262'144);
  bpf_program code{};
  EXPECT_EQ(pcap_compile(handle, &code, filter.c_str(), 1, PCAP_NETMASK_UNKNOWN), 0) << filter;
  FilterProgram program({code.bf_insns, code.bf_insns + code.bf_len});
  pcap_freecode(&code);
  pcap_close(handle);
  return program;
}

TEST(FilterAlternatives, MeanInPiecesWhatTheyMeanTogetherOfWholePackets) {
  test::Random random(7);
  test::Grammar grammar(random, {.hosts = 40, .ports = 30});
  FilterCompiler compiler;
  const auto fits = [&](const std::string& term) {
    return split_alternatives(term) && !term.starts_with("net ") && compiler.compile(term, {}).program;
  };
  std::size_t matched = 0, pieces = 0, packets = 0;
  for (int round = 0; round < 12; ++round) {
    std::string filter = "host 10.0.0.1";
    for (int terms = 0; terms < 40; ++terms) {
      std::string term = grammar.rule_filter();
      while (!fits(term)) term = grammar.rule_filter();
      filter += " or (" + term + ")";
    }
    std::vector<std::vector<bpf_insn>> programs;
    const auto cut = split_alternatives(filter);
    ASSERT_TRUE(cut.has_value());
    for (const std::string_view piece : *cut) {
      const FilterProgram part = whole(std::string(piece));
      programs.emplace_back(part.instructions().begin(), part.instructions().end());
    }
    pieces += programs.size();
    const FilterProgram joined(join_alternatives(programs));
    const FilterProgram expected = whole(filter);
    for (int i = 0; i < 1000; ++i) {
      const std::string bytes = grammar.packet(1) + std::string(80, '\0');
      const auto length = static_cast<std::uint32_t>(bytes.size() + test::below(random, 2) * 40);
      const bool match = expected.matches(as_bytes(bytes), length);
      ASSERT_EQ(joined.matches(as_bytes(bytes), length), match) << filter;
      matched += match ? 1 : 0;
      ++packets;
    }
  }
  EXPECT_EQ(pieces, 12U * 3);
  EXPECT_GT(matched, packets / 5);
  EXPECT_LT(matched, packets * 4 / 5);
}

TEST(FilterAlternatives, OfTenThousandHostsAreCompiledAndMatched) {
  std::string filter = "host 172.16.0.0";
  for (int i = 1; i < 10'000; ++i) filter += fmt::format(" or host 172.16.{}.{}", i / 256, i % 256);
  FilterCompiler compiler;
  EXPECT_EQ(compiler.check(filter), "");
  const CompiledFilter compiled = compiler.compile(filter, {});
  ASSERT_NE(compiled.program, nullptr);
  std::string packet(
      "\2\0\0\0\0\2\2\0\0\0\0\1\x08\0\x45\0\0\x1c\0\0\0\0\x40\x11\0\0\x0a\0\0\1\xac\x10\x27\x0f", 34);
  EXPECT_TRUE(compiled.program->matches(as_bytes(packet), 34));
  packet.back() = 16;
  EXPECT_FALSE(compiled.program->matches(as_bytes(packet), 34));
}

}  // namespace
}  // namespace pcapml
