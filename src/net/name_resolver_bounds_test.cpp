// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "net/client_hello_builder.h"
#include "net/name_samples.h"

namespace pcapml {
namespace {

using namespace samples;

std::string hello(std::string_view name) { return hello_record(browser_hello(name)); }
Ends web(unsigned port) { return {kClient, kServer, port, 443}; }

TEST(NameResolverBounds, OnlyTheLatestFlowsKeepTheirNames) {
  Wire wire({.flows = 3});
  std::vector<std::uint32_t> flows;
  for (unsigned i = 0; i < 5; ++i) {
    flows.push_back(wire.syn(web(50000 + i)));
    wire.tcp(web(50000 + i), 1000, hello("a" + std::to_string(i) + ".example"));
  }
  EXPECT_EQ(wire.name(flows[0]) + wire.name(flows[1]), "");
  for (unsigned i = 2; i < 5; ++i) EXPECT_EQ(wire.name(flows[i]), "a" + std::to_string(i) + ".example sni");
  wire.tcp(web(50000), 2000, hello("late.example"));
  EXPECT_EQ(wire.name(flows[0]), "");
  const ResolverCounters c = wire.counters();
  EXPECT_EQ(c.flows, 5U);
  EXPECT_EQ(c.by_sni, 5U) << "what a flow was is counted though it is forgotten";
  EXPECT_EQ(c.flows_forgotten, 2U);
}

TEST(NameResolverBounds, AForgottenFlowLetsItsWaitingBytesGo) {
  Wire wire({.flows = 1});
  wire.syn(web(50000));
  wire.tcp(web(50000), 1000, hello("cut.example").substr(0, 60));
  wire.syn(web(50001));
  const ResolverCounters c = wire.counters();
  EXPECT_EQ(c.flows, 2U);
  EXPECT_EQ(c.flows_forgotten, 1U);
  EXPECT_EQ(c.no_answer_before, 1U) << "the one that is there";
  wire.finish();
  EXPECT_EQ(wire.counters().flows, 2U);
}

TEST(NameResolverBounds, NamesBeyondTheLimitAreCountedAndKnownOnesStay) {
  Wire wire({.names = 1});
  const auto first = wire.syn(web(50000));
  wire.tcp(web(50000), 1000, hello("a.example"));
  const auto second = wire.syn(web(50001));
  wire.tcp(web(50001), 1000, hello("b.example"));
  wire.answer("c.example", kServer);
  const auto third = wire.syn(web(50002));
  wire.tcp(web(50002), 1000, hello("a.example"));
  EXPECT_EQ(wire.name(first), "a.example sni");
  EXPECT_EQ(wire.name(second), "");
  EXPECT_EQ(wire.name(third), "a.example sni");
  EXPECT_EQ(wire.counters().names_refused, 2U);
}

std::string numbered(unsigned i) { return "host" + std::to_string(i) + ".example"; }

TEST(NameResolverBounds, NewNamesTakeTheRoomOfThoseThatNothingHas) {
  Wire wire({.dns_entries = 2, .names = 8});
  wire.answer("old.example", kServer);
  const auto by_dns = wire.syn(web(50000));
  const auto by_hello = wire.syn(web(50001));
  wire.tcp(web(50001), 1000, hello("hello.example"));
  for (unsigned i = 0; i < 100; ++i) wire.answer(numbered(i), kServer + i);
  EXPECT_EQ(wire.name(wire.syn({kClient, kServer + 98, 50002, 443})), numbered(98) + " dns");
  EXPECT_EQ(wire.name(wire.syn({kClient, kServer + 99, 50002, 443})), numbered(99) + " dns");
  EXPECT_EQ(wire.name(by_dns), "old.example dns");
  EXPECT_EQ(wire.name(by_hello), "hello.example sni");
  EXPECT_EQ(wire.counters().names_forgotten, 102U - 8);
  EXPECT_EQ(wire.counters().names_refused, 0U);
}

TEST(NameResolverBounds, AnswersOfAForgottenFlowCount) {
  Wire wire({.flows = 2});
  wire.answer("old.example", kServer);
  for (unsigned i = 0; i < 5; ++i) wire.syn(web(50000 + i));
  wire.answer("www.example", kServer);
  EXPECT_EQ(wire.name(wire.syn(web(60000))), "www.example dns");
  EXPECT_EQ(wire.counters().dns_answers, 2U);
}

TEST(NameResolverBounds, AForgottenFlowLetsItsNameGo) {
  Wire wire({.names = 3, .flows = 2});
  std::uint32_t flow = 0;
  for (unsigned i = 0; i < 100; ++i) {
    const std::string before = wire.name(flow);
    flow = wire.syn(web(50000 + i));
    EXPECT_EQ(i == 0 ? "" : wire.name(flow - 1), before);
    wire.tcp(web(50000 + i), 1000, hello(numbered(i)));
    ASSERT_EQ(wire.name(flow), numbered(i) + " sni");
  }
  EXPECT_EQ(wire.counters().names_forgotten, 97U);
  EXPECT_EQ(wire.counters().by_sni, 100U);
}

TEST(NameResolverBounds, ANameThatAnAnswerReplacedStaysAsLongAsItVouchesForOuterNames) {
  // Of several counts one at least would give a forgotten name another number.
  for (unsigned hellos = 20; hellos < 24; ++hellos) {
    Wire wire({.names = 4, .flows = 2});
    wire.answer("outer.example", kServer);
    wire.answer("www.example", kServer);
    for (unsigned i = 0; i < hellos; ++i) {
      wire.syn(web(40000 + i));
      wire.tcp(web(40000 + i), 1000, hello(numbered(i)));
    }
    Hello sent = browser_hello("outer.example");
    sent.extensions.push_back(ech_extension());
    const auto flow = wire.syn(web(50000));
    wire.tcp(web(50000), 1000, hello_record(sent));
    EXPECT_EQ(wire.name(flow), "outer.example dns");
  }
}

/// Weeks in small: 300,000 names, and about one packet for each.
TEST(NameResolverBounds, ALongRunHoldsNoMoreNamesThanTheLimit) {
  constexpr unsigned kNames = 300'000, kLimit = 4096;
  Wire wire({.dns_entries = 1000, .names = kLimit, .flows = 500});
  const auto port = [](unsigned i) { return 1024 + i % 60'000; };
  for (unsigned i = 0; i < kNames; ++i) {
    const Ends ends{kClient, kServer + i % 5000, port(i), 443};
    if (i % 8 == 0) {
      wire.tcp(ends, 1000, hello(numbered(i)));
    } else {
      wire.answer(numbered(i), kServer + i % 5000);
    }
    if (i % 512 != 1) continue;
    ASSERT_EQ(wire.name(wire.syn(ends)), numbered(i) + " dns");
    const ResolverCounters c = wire.counters();
    ASSERT_EQ(c.names_refused, 0U);
    ASSERT_LE(i + 1 - c.names_forgotten, kLimit);
  }
  EXPECT_EQ(wire.counters().names_forgotten, kNames - kLimit);
}

TEST(NameResolverBounds, WhatAnotherClientBehindARouterAskedForDoesNotVouchForAnOuterName) {
  Wire wire;
  const Ends other{kOther, kServer, 50000, 443};
  Hello sent = browser_hello("provider.example");
  sent.extensions.push_back(ech_extension());
  wire.ethernet(
      9, 1, udp_packet(from_dns(), dns_message("provider.example", {dns_a("provider.example", kServer)})));
  wire.ethernet(1, 9, tcp_packet(web(50000), 999, kTcpSyn));
  const auto flow = wire.ethernet(1, 9, tcp_packet(other, 999, kTcpSyn));
  wire.ethernet(1, 9, tcp_packet(other, 1000, kTcpAck, hello_record(sent)));
  EXPECT_EQ(wire.name(flow), "provider.example ech");
}

}  // namespace
}  // namespace pcapml
