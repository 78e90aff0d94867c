// SPDX-License-Identifier: Apache-2.0
#include "selftest/truth.h"

#include <gtest/gtest.h>

#include "net/packet_samples.h"
#include "net/tcp_flags.h"
#include "selftest/words.h"

namespace pcapml::selftest {
namespace {

using namespace samples;

std::string stream(unsigned from, unsigned to, unsigned flags, unsigned checksum = 1) {
  return ipv4({}, be16(from) + be16(to) + be32(7) + be32(8) + be8(0x50) + be8(flags) + be16(512) +
                      be16(checksum) + be16(0));
}

std::string echo(unsigned type, const std::string& payload) {
  return ipv4({.protocol = 1}, be8(type) + be8(0) + be16(0) + be32(1) + payload);
}

/// "e st-a, i st-b|st-c": what is expected of a packet.
std::string told(const Truth::Packet& packet) {
  std::string text;
  for (const Expected& end : packet.ends) {
    text += (text.empty() ? "" : ", ") + std::string(1, end.direction);
    for (const std::string& owner : end.owners) text += (&owner == &end.owners.front() ? ' ' : '|') + owner;
  }
  return text;
}

Truth truth_of_two_workers() {
  Truth truth;
  truth.add({{20000, 20001, "st-tcp-w1"},
             {20000, 0, "st-tcp-srv"},
             {20001, 20000, "st-tcp-cli"},
             {20002, 20000, "st-tcp-cli"}});
  return truth;
}

TEST(Truth, AWordNamesBothEndsOfADatagram) {
  const auto packet =
      Truth().judge(as_bytes(ipv4({.protocol = 17}, udp(word("st-udp-cli", "st-udp-srv", 3)))));
  EXPECT_EQ(told(packet), "e st-udp-cli, i st-udp-srv");
  EXPECT_EQ(packet.kind, "udp");
}

TEST(Truth, AWordMayLeaveOpenWhoReceives) {
  const auto packet = Truth().judge(as_bytes(ipv6(17, udp(word("st-a-src", "st-a-par|st-a-chd", 0)))));
  EXPECT_EQ(told(packet), "e st-a-src, i st-a-par|st-a-chd");
}

TEST(Truth, PortsNameTheEndsOfAStream) {
  Truth truth = truth_of_two_workers();
  EXPECT_EQ(told(truth.judge(as_bytes(stream(20001, 20000, kTcpSyn)))), "e st-tcp-cli, i st-tcp-w1");
  EXPECT_EQ(told(truth.judge(as_bytes(stream(20000, 20002, kTcpSyn)))), "e st-tcp-srv, i st-tcp-cli");
}

TEST(Truth, AResetIsTheLastPacketOfItsConnection) {
  Truth truth = truth_of_two_workers();
  EXPECT_EQ(told(truth.judge(as_bytes(stream(20000, 20001, kTcpRst | kTcpAck)))),
            "e st-tcp-w1, i st-tcp-cli");
  const auto late = truth.judge(as_bytes(stream(20001, 20000, kTcpAck)));
  EXPECT_EQ(told(late), "");
  EXPECT_EQ(late.without_socket, 2u);
  EXPECT_EQ(told(truth.judge(as_bytes(stream(20002, 20000, kTcpAck)))), "e st-tcp-cli, i st-tcp-srv");
}

TEST(Truth, TheKernelReceivesEchoRequestsAndSendsReplies) {
  const std::string payload = word("st-ping-cli", "st-ping-cli", 0);
  const auto request = Truth().judge(as_bytes(echo(8, payload)));
  EXPECT_EQ(told(request), "e st-ping-cli");
  EXPECT_EQ(request.without_socket, 1u);
  EXPECT_EQ(told(Truth().judge(as_bytes(echo(0, payload)))), "i st-ping-cli");
}

TEST(Truth, OtherTrafficIsNobodys) {
  EXPECT_EQ(told(Truth().judge(as_bytes(ipv4({.protocol = 17}, udp("hello"))))), "");
  EXPECT_EQ(told(Truth().judge(as_bytes(stream(1, 2, kTcpSyn)))), "");
  EXPECT_TRUE(Truth().judge(as_bytes(zeros(40))).content.empty());
}

TEST(Truth, ContentIsAllButTheChecksumOfTheTransport) {
  EXPECT_EQ(content_of(as_bytes(stream(1, 2, kTcpAck, 5))), content_of(as_bytes(stream(1, 2, kTcpAck, 6))));
  EXPECT_NE(content_of(as_bytes(stream(1, 2, kTcpAck))), content_of(as_bytes(stream(1, 3, kTcpAck))));
  EXPECT_EQ(content_of(as_bytes(ipv6(17, udp("x", 5)))), content_of(as_bytes(ipv6(17, udp("x", 6)))));
}

TEST(Words, OnlyOurOwnAreRead) {
  EXPECT_EQ(parse_word("st-a-x>st-a-y 1;")->receivers, std::vector<std::string>{"st-a-y"});
  for (const char* other : {"", "st-a-x", "st-a-x>st-a-y", "st-a x>y", "GET / HTTP/1.1 >"})
    EXPECT_FALSE(parse_word(other)) << other;
  EXPECT_EQ(kind_of("st-udp-cli"), "udp");
  EXPECT_EQ(kind_of("sshd"), "");
}

}  // namespace
}  // namespace pcapml::selftest
