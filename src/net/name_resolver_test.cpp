// SPDX-License-Identifier: Apache-2.0
#include "pcapml/name_resolver.h"

#include <gtest/gtest.h>

#include "net/client_hello_builder.h"
#include "net/name_samples.h"
#include "net/quic_packet_builder.h"

namespace pcapml {
namespace {

using namespace samples;

const Ends kWeb;
const Ends kFromOther{kOther, kServer, 50000, 443};

std::string hello(std::string_view name) { return hello_record(browser_hello(name)); }
Hello encrypted_hello(std::string_view name) {
  Hello sent = browser_hello(name);
  sent.extensions.push_back(ech_extension());
  return sent;
}

TEST(NameResolver, PrefersWhatTheHelloSays) {
  Wire wire;
  wire.answer("dns.example", kServer);
  const auto flow = wire.syn(kWeb);
  EXPECT_EQ(wire.name(flow), "dns.example dns");
  wire.tcp(kWeb, 1000, hello("WWW.Example"));
  EXPECT_EQ(wire.name(flow), "www.example sni");
}

TEST(NameResolver, ReadsQuicAndDtls) {
  Wire wire;
  wire.answer("dns.example", kServer);
  const std::string message = handshake(1, browser_hello("quic.example").body());
  const auto quic = wire.udp(kWeb, QuicFlight{}.initial(crypto_frame(0, message)));
  EXPECT_EQ(wire.name(quic), "quic.example quic");

  Hello datagram = small_hello("dtls.example");
  datagram.version = 0xfefd;
  datagram.is_datagram = true;
  const std::string body = datagram.body();
  const std::string part = be8(1) + be24(static_cast<unsigned>(body.size())) + zeros(5) +
                           be24(static_cast<unsigned>(body.size())) + body;
  const auto dtls =
      wire.udp({kClient, kServer, 50001, 3478}, be8(22) + be16(0xfefd) + zeros(8) + sized16(part));
  EXPECT_EQ(wire.name(dtls), "dtls.example sni");
}

TEST(NameResolver, KeepsTheHellosOfFlowsApart) {
  Wire wire;
  const Ends second{kClient, kServer, 50001, 443}, third{kClient, kServer, 50002, 443};
  const std::string a = hello("a.example"), b = hello("b.example");
  const auto first = wire.syn(kWeb);
  wire.syn(second);
  wire.syn(third);
  wire.tcp(kWeb, 1000, a.substr(0, 700));
  wire.tcp(second, 1000, b.substr(0, 700));
  wire.tcp(third, 1000, hello("c.example"));
  wire.tcp(second, 1700, b.substr(700));
  wire.tcp(kWeb, 1700, a.substr(700));
  EXPECT_EQ(wire.name(first), "a.example sni");
  EXPECT_EQ(wire.name(first + 1), "b.example sni");
  EXPECT_EQ(wire.name(first + 2), "c.example sni");
  EXPECT_EQ(wire.counters().hello_forgotten, 0U);
}

TEST(NameResolver, NamesTheQuestionAndNotItsAlias) {
  Wire wire;
  wire.udp(from_dns(), dns_message("www.example",
                                   {dns_cname("www.example", "cdn.example"), dns_a("cdn.example", kServer)}));
  EXPECT_EQ(wire.name(wire.syn(kWeb)), "www.example dns");
}

TEST(NameResolver, AnswersCountForTheirClientAndForLaterFlows) {
  Wire wire;
  const auto before = wire.syn(kWeb);
  wire.answer("www.example", kServer);
  wire.tcp(kWeb, 1000, "GET /");
  const auto other = wire.syn(kFromOther);
  const auto after = wire.syn({kClient, kServer, 50001, 80});
  EXPECT_EQ(wire.name(before), "");
  EXPECT_EQ(wire.name(other), "");
  EXPECT_EQ(wire.name(after), "www.example dns");
  EXPECT_EQ(wire.counters().no_answer_before, 2U);
  EXPECT_EQ(wire.counters().dns_flows, 1U);
}

TEST(NameResolver, LaterAnswersReplaceEarlierOnes) {
  Wire wire;
  wire.answer("a.example", kServer);
  const auto first = wire.syn(kWeb);
  wire.answer("b.example", kServer);
  const auto second = wire.syn({kClient, kServer, 50001, 443});
  EXPECT_EQ(wire.name(first), "a.example dns");
  EXPECT_EQ(wire.name(second), "b.example dns");
}

const std::string kClient6 = be32(0x20010db8) + zeros(11) + be8(1);
const std::string kOther6 = be32(0x20010db9) + zeros(11) + be8(1);
const std::string kServer6 = be32(0x20010dba) + zeros(11) + be8(1);

std::string answer6(std::string_view question) {
  return udp_packet(from_dns(), dns_message(question, {dns_record(question, 28, kServer6)}));
}
std::string syn6(const std::string& source) {
  return ipv6_packet(source, kServer6, 6, tcp_segment(50000, 443, 999, kTcpSyn, ""));
}

TEST(NameResolver, AHostIsOneClientInBothFamilies) {
  Wire wire;
  wire.ethernet(9, 1, answer6("www.example"));
  const auto flow = wire.ethernet(1, 9, syn6(kClient6));
  const auto stranger = wire.ethernet(2, 9, syn6(kOther6));
  EXPECT_EQ(wire.name(flow), "www.example dns");
  EXPECT_EQ(wire.name(stranger), "");
}

TEST(NameResolver, ARouterIsNoClient) {
  Wire wire;
  wire.ethernet(9, 1, udp_packet(from_dns(), dns_message("a.example", {dns_a("a.example", kServer)})));
  const auto own = wire.ethernet(1, 9, tcp_packet(kWeb, 999, kTcpSyn));
  const auto other = wire.ethernet(1, 9, tcp_packet(kFromOther, 999, kTcpSyn));
  EXPECT_EQ(wire.name(own), "a.example dns");
  EXPECT_EQ(wire.name(other), "");
}

TEST(NameResolver, ARouterOfTwoNetworksIsNoClient) {
  Wire wire;
  wire.ethernet(9, 1, answer6("www.example"));
  const auto flow = wire.ethernet(1, 9, syn6(kClient6));
  wire.ethernet(1, 9, syn6(kOther6));
  EXPECT_EQ(wire.name(flow), "");
}

TEST(NameResolver, MulticastDnsAndLlmnrNameNothing) {
  Wire wire;
  wire.answer("printer.local", kServer, from_dns(kClient, 5353));
  wire.answer("printer", kServer, from_dns(kClient, 5355));
  EXPECT_EQ(wire.name(wire.syn(kWeb)), "");
  EXPECT_EQ(wire.counters().dns_answers, 0U);
}

TEST(NameResolver, ADnsFlowIsNotNamedAfterItsQuestions) {
  Wire wire;
  const auto query = wire.udp(from_dns().reversed(), dns_message("dns.example", {}, 0x0100));
  wire.answer("dns.example", kDns);
  EXPECT_EQ(wire.name(query), "");
  EXPECT_EQ(wire.name(wire.syn({kClient, kDns, 50000, 853})), "dns.example dns");
}

TEST(NameResolver, TakesTheOpenerFromASynAckThatComesFirst) {
  Wire wire;
  wire.answer("server.example", kServer);
  wire.answer("client.example", kClient, from_dns(kServer));
  const auto flow = wire(tcp_packet(kWeb.reversed(), 4999, kTcpSyn | kTcpAck));
  EXPECT_EQ(wire.name(flow), "server.example dns");
  wire.tcp(kWeb.reversed(), 5000, hello("not.from.the.opener.example"));
  EXPECT_EQ(wire.name(flow), "server.example dns");
  wire.syn(kWeb);
  wire.tcp(kWeb, 1000, hello("www.example"));
  EXPECT_EQ(wire.name(flow), "www.example sni");
}

TEST(NameResolver, WhereNobodyIsKnownToHaveOpenedTheSideWithTheNameIsRemote) {
  Wire wire;
  wire.answer("server.example", kServer);
  const auto from_server = wire.tcp(kWeb.reversed(), 5000, "data");
  const Ends unnamed{kOther, 0xc0000299, 50000, 443};
  const auto by_hello = wire.tcp(unnamed.reversed(), 5000, "data");
  wire.tcp(unnamed, 1000, hello("www.example"));
  EXPECT_EQ(wire.name(from_server), "server.example dns");
  EXPECT_EQ(wire.name(by_hello), "www.example sni");
}

TEST(NameResolver, PrefersDnsToTheOuterNameOfAnEncryptedHello) {
  Wire wire;
  const std::string sent = hello_record(encrypted_hello("provider.example"));
  const auto unknown = wire.syn(kWeb);
  wire.tcp(kWeb, 1000, sent);
  wire.answer("www.example", kServer);
  const Ends later{kClient, kServer, 50001, 443};
  const auto known = wire.syn(later);
  wire.tcp(later, 1000, sent);
  EXPECT_EQ(wire.name(unknown), "provider.example ech");
  EXPECT_EQ(wire.name(known), "www.example dns");
  EXPECT_EQ(wire.counters().by_ech, 1U);
  EXPECT_EQ(wire.counters().by_dns, 1U);
}

TEST(NameResolver, TakesTheOuterNameWhereTheClientHadAskedForIt) {
  Wire wire;
  wire.answer("a.example", kServer);
  wire.answer("b.example", kServer);
  const auto flow = wire.syn(kWeb);
  wire.tcp(kWeb, 1000, hello_record(encrypted_hello("a.example")));
  EXPECT_EQ(wire.name(flow), "a.example dns");
}

TEST(NameResolver, AConnectionKeepsItsNameOverAnIdleTime) {
  Wire wire;
  const Ends second{kClient, kServer, 50001, 443};
  const auto named = wire.syn(kWeb);
  wire.tcp(kWeb, 1000, hello("www.example"));
  const auto unnamed = wire.syn(second);
  wire.answer("dns.example", kServer);
  wire.pass(100);
  const auto named_later = wire.tcp(kWeb.reversed(), 5000, "data");
  const auto unnamed_later = wire.tcp(second.reversed(), 5000, "data");
  EXPECT_NE(named, named_later);
  EXPECT_NE(unnamed, unnamed_later);
  EXPECT_EQ(wire.name(named_later), "www.example sni");
  EXPECT_EQ(wire.name(unnamed_later), "") << "it was there before the answer";
  wire.tcp(second, 1000, hello("late.example"));
  EXPECT_EQ(wire.name(unnamed_later), "late.example sni");
  wire.pass(100);
  EXPECT_EQ(wire.name(wire.syn(second, 9000)), "dns.example dns") << "another connection";
}

TEST(NameResolver, RejectsAndCountsWhatIsNoHostName) {
  Wire wire;
  const auto address = wire.syn(kWeb);
  wire.tcp(kWeb, 1000, hello("192.0.2.1"));
  const Ends second{kClient, kServer, 50001, 443};
  const auto comma = wire.syn(second);
  wire.tcp(second, 1000, hello("a,dst=b"));
  wire.answer("two words.example", kServer);
  const auto third = wire.syn({kClient, kServer, 50002, 443});
  EXPECT_EQ(wire.name(address) + wire.name(comma) + wire.name(third), "");
  EXPECT_EQ(wire.counters().name_rejected, 2U);
  EXPECT_EQ(wire.counters().dns_names_rejected, 1U);
}

TEST(NameResolver, CountsEachFlowOnce) {
  Wire wire;
  wire.syn(kWeb);
  Hello nameless;
  nameless.extensions = {grease_extension()};
  wire.tcp(kWeb, 1000, hello_record(nameless));
  const Ends second{kClient, kServer, 50001, 443};
  wire.syn(second);
  wire.tcp(second, 1000, hello("cut.example").substr(0, 100));
  wire.syn({kClient, kServer, 50002, 443});
  wire(ipv4({.protocol = 1}, icmp_echo("hello")));
  wire.finish();
  const ResolverCounters c = wire.counters();
  EXPECT_EQ(c.flows, 3U);
  EXPECT_EQ(c.other_flows, 1U);
  EXPECT_EQ(c.hello_without_name, 1U);
  EXPECT_EQ(c.hello_incomplete, 1U);
  EXPECT_EQ(c.no_answer_before, 1U);
}

TEST(NameResolver, ReadsDnsOverTcp) {
  Wire wire;
  const Ends ends = from_dns();
  const auto message = [](std::string_view question, unsigned address) {
    return sized16(dns_message(question, {dns_a(question, address)}));
  };
  const std::string both = message("a.example", kServer) + message("b.example", kServer + 1);
  const std::string split = message("c.example", kServer + 2);
  wire(tcp_packet(ends, 100, kTcpSyn | kTcpAck));
  wire.tcp(ends, 101, both);
  wire.tcp(ends, 101 + static_cast<unsigned>(both.size()), split.substr(0, 1));
  wire.tcp(ends, 102 + static_cast<unsigned>(both.size()), split.substr(1));
  for (unsigned i = 0; i < 3; ++i)
    EXPECT_EQ(wire.name(wire.syn({kClient, kServer + i, 50000, 443})),
              std::string(1, static_cast<char>('a' + i)) + ".example dns");
}

TEST(NameResolver, PutsAFragmentedAnswerTogether) {
  Wire wire;
  std::vector<std::string> records;
  for (unsigned i = 0; i < 100; ++i) records.push_back(dns_a("www.example", kServer + i));
  const std::string whole = udp_payload(53, 40000, dns_message("www.example", records));
  const Ipv4 ends{.protocol = 17, .source = kDns, .destination = kClient};
  Ipv4 first = ends, last = ends;
  first.fragment = 0x2000;
  last.fragment = 1480 / 8;
  wire(ipv4(first, whole.substr(0, 1480)));
  wire(ipv4(last, whole.substr(1480)));
  EXPECT_EQ(wire.name(wire.syn({kClient, kServer + 99, 50000, 443})), "www.example dns");
}

TEST(NameResolver, AnOpaqueFlowIsForgottenAndCounted) {
  Wire wire({.flow_bytes = 1000});
  const auto flow = wire.syn(kWeb);
  wire.tcp(kWeb, 1000, hello("www.example").substr(0, 1200));
  wire.finish();
  EXPECT_EQ(wire.name(flow), "");
  EXPECT_EQ(wire.counters().hello_forgotten, 1U);
}

TEST(NameResolver, TheOldestFlowGoesFirst) {
  Wire wire({.total_bytes = 20'000});
  const std::string sent = hello("www.example");
  for (unsigned i = 0; i < 20; ++i) {
    wire.syn({kClient, kServer, 50000 + i, 443});
    wire.tcp({kClient, kServer, 50000 + i, 443}, 1000, sent.substr(0, 1000));
  }
  for (unsigned i = 0; i < 20; ++i) wire.tcp({kClient, kServer, 50000 + i, 443}, 2000, sent.substr(1000));
  wire.finish();
  const ResolverCounters c = wire.counters();
  EXPECT_GE(c.hello_forgotten, 5U);
  EXPECT_GE(c.by_sni, 5U);
  EXPECT_EQ(c.hello_forgotten + c.by_sni, 20U);
  EXPECT_EQ(wire.name(0), "");
  EXPECT_EQ(wire.name(19), "www.example sni");
}

TEST(NameResolver, OldAnswersGoFirst) {
  Wire wire({.dns_entries = 10});
  for (unsigned i = 0; i < 100; ++i) wire.answer("www.example", kServer + i);
  EXPECT_EQ(wire.name(wire.syn({kClient, kServer, 50000, 443})), "");
  EXPECT_EQ(wire.name(wire.syn({kClient, kServer + 99, 50000, 443})), "www.example dns");
  EXPECT_GE(wire.counters().dns_forgotten, 90U);
}

TEST(NameResolver, FindsTheHelloBehindADialogue) {
  Wire wire;
  const Ends mail{kClient, kServer, 50001, 25}, proxy{kClient, kServer, 50002, 3128};
  const auto starttls = wire.syn(mail);
  wire.tcp(mail.reversed(), 5000, "220 mx.example ESMTP\r\n");
  wire.tcp(mail, 1000, "EHLO me\r\n");
  wire.tcp(mail, 1009, "STARTTLS\r\n");
  wire.tcp(mail.reversed(), 5022, "220 go\r\n");
  wire.tcp(mail, 1019, hello("mx.example"));
  const auto connect = wire.syn(proxy);
  const std::string request = "CONNECT www.example:443 HTTP/1.1\r\n\r\n";
  wire.tcp(proxy, 1000, request);
  wire.tcp(proxy, 1000 + static_cast<unsigned>(request.size()), hello("www.example"));
  EXPECT_EQ(wire.name(starttls), "mx.example sni");
  EXPECT_EQ(wire.name(connect), "www.example sni");
}

TEST(NameResolver, AReusedPortIsAFlowOfItsOwn) {
  Wire wire;
  const auto first = wire.syn(kWeb);
  wire.tcp(kWeb, 1000, hello("a.example"));
  wire(tcp_packet(kWeb, 3000, kTcpFin | kTcpAck));
  wire(tcp_packet(kWeb.reversed(), 5000, kTcpFin | kTcpAck));
  const auto second = wire.syn(kWeb, 70000);
  wire.tcp(kWeb, 70001, hello("b.example"));
  EXPECT_NE(first, second);
  EXPECT_EQ(wire.name(first), "a.example sni");
  EXPECT_EQ(wire.name(second), "b.example sni");
}

TEST(NameResolver, LooksIntoTunnels) {
  Wire wire;
  const auto gre = [](const std::string& ip) { return ipv4({.protocol = 47}, be16(0) + be16(0x0800) + ip); };
  wire(gre(udp_packet(from_dns(), dns_message("dns.example", {dns_a("dns.example", kServer)}))));
  const auto flow = wire(gre(tcp_packet(kWeb, 999, kTcpSyn)));
  EXPECT_EQ(wire.name(flow), "dns.example dns");
  wire(gre(tcp_packet(kWeb, 1000, kTcpAck, hello("www.example"))));
  EXPECT_EQ(wire.name(flow), "www.example sni");
}

}  // namespace
}  // namespace pcapml
