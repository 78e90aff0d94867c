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

TEST(NameResolverBounds, AnswersOfAForgottenFlowCount) {
  Wire wire({.flows = 2});
  wire.answer("old.example", kServer);
  for (unsigned i = 0; i < 5; ++i) wire.syn(web(50000 + i));
  wire.answer("www.example", kServer);
  EXPECT_EQ(wire.name(wire.syn(web(60000))), "www.example dns");
  EXPECT_EQ(wire.counters().dns_answers, 2U);
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
