// SPDX-License-Identifier: Apache-2.0
#include "net/quic.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "net/quic_packet_builder.h"

namespace pcapml {
namespace {

using namespace samples;

const std::string kName = "quic.example.org";

std::string hello_message(const std::string& name = kName) {
  return handshake(1, browser_hello(name).body());
}

/// CRYPTO frames with `size` bytes each.
std::vector<std::string> frames(const std::string& message, std::size_t size) {
  std::vector<std::string> list;
  for (std::size_t at = 0; at < message.size(); at += size)
    list.push_back(crypto_frame(at, message.substr(at, size)));
  return list;
}

void add_all(QuicHello& hello, const std::vector<std::string>& datagrams, bool from_opener = true) {
  for (const auto& datagram : datagrams) hello.add(as_bytes(datagram), from_opener);
}

void expect_found(const std::vector<std::string>& datagrams, const std::string& what = "") {
  QuicHello hello;
  add_all(hello, datagrams);
  EXPECT_EQ(hello.state(), HelloState::found) << what;
  EXPECT_EQ(hello.server_name(), kName) << what;
  EXPECT_FALSE(hello.has_ech()) << what;
}

TEST(QuicHello, FindsTheHelloInEveryVersion) {
  for (const std::uint32_t version :
       {1u,          0x6b3343cfu, 0x709a50c4u, 0xff000016u, 0xff000017u, 0xff000018u, 0xff00001bu,
        0xff00001cu, 0xff00001du, 0xff000020u, 0xff000021u, 0xff000022u, 0xfaceb001u, 0xfaceb002u,
        0xfaceb003u, 0xfaceb00eu, 0xfaceb010u, 0x54303530u, 0x54303531u, 0x51303530u, 0x1a2a3a4au}) {
    QuicFlight flight;
    flight.version = version;
    const auto datagram = flight.initial(crypto_frame(0, hello_message()));
    EXPECT_TRUE(looks_like_quic_initial(as_bytes(datagram))) << std::hex << version;
    expect_found({datagram}, std::to_string(version));
  }
  EXPECT_TRUE(quic_versions(0xff000015).empty());
  EXPECT_TRUE(quic_versions(0xff000023).empty());
  EXPECT_TRUE(quic_versions(0).empty());
}

TEST(QuicHello, PutsFramesTogetherInAnyOrderWithinADatagram) {
  std::mt19937 random(1);
  const QuicFlight flight;
  for (const std::size_t size : {1u, 3u, 50u, 400u}) {
    for (int round = 0; round < 20; ++round) {
      auto list = frames(handshake(1, small_hello(kName).body()), size);
      std::shuffle(list.begin(), list.end(), random);
      std::string payload = ack();
      for (const auto& frame : list)
        payload += frame + (random() % 3 == 0 ? ping() + padding(random() % 20) : "");
      expect_found({flight.initial(payload + padding(30))}, std::to_string(size));
    }
  }
}

TEST(QuicHello, PutsFramesTogetherOverDatagrams) {
  std::mt19937 random(2);
  QuicFlight flight;
  for (int round = 0; round < 100; ++round) {
    auto list = frames(hello_message(), 100);
    std::shuffle(list.begin(), list.end(), random);
    std::vector<std::string> payloads(1 + random() % 4);
    for (const auto& frame : list) payloads[random() % payloads.size()] += frame;
    std::vector<std::string> datagrams;
    for (std::size_t i = 0; i < payloads.size(); ++i)
      datagrams.push_back(flight.initial(payloads[i] + padding(100), static_cast<unsigned>(i)));
    std::shuffle(datagrams.begin(), datagrams.end(), random);
    expect_found(datagrams);
  }
}

TEST(QuicHello, WaitsForTheGapInTheMiddle) {
  const QuicFlight flight;
  const auto list = frames(hello_message(), 600);
  ASSERT_EQ(list.size(), 3u);
  QuicHello hello;
  add_all(hello, {flight.initial(list[0] + list[2])});
  EXPECT_EQ(hello.state(), HelloState::waiting);
  EXPECT_GT(hello.memory(), 1000u);
  add_all(hello, {flight.initial(list[1], 1)});
  EXPECT_EQ(hello.server_name(), kName);
}

TEST(QuicHello, FollowsAChangeOfConnectionIds) {
  const auto list = frames(hello_message(), 900);
  const QuicFlight first;
  QuicFlight later = first;
  later.destination = "chosen-by-server";
  expect_found({first.initial(list[0]), later.initial(list[1], 1)});
}

TEST(QuicHello, KnowsTheServersInitialsAndIgnoresThem) {
  const auto list = frames(hello_message(), 900);
  const QuicFlight client;
  QuicFlight server;
  server.side = QuicSide::server;
  server.destination = client.source;
  server.source = "server";
  const auto answer = server.initial(ack() + crypto_frame(0, handshake(2, "server hello")));
  for (const bool told_apart : {true, false}) {
    QuicHello hello;
    hello.add(as_bytes(client.initial(list[0])), true);
    for (int i = 0; i < 100; ++i) hello.add(as_bytes(answer), !told_apart);
    EXPECT_EQ(hello.state(), HelloState::waiting);
    hello.add(as_bytes(client.initial(list[1], 1)), true);
    EXPECT_EQ(hello.server_name(), kName);
  }
  QuicHello server_first;
  server_first.add(as_bytes(answer), true);
  server_first.add(as_bytes(client.initial(list[0])), false);
  server_first.add(as_bytes(client.initial(list[1], 1)), false);
  EXPECT_EQ(server_first.server_name(), kName);
}

TEST(QuicHello, FindsAnInitialAmongCoalescedPackets) {
  const QuicFlight flight;
  const auto list = frames(hello_message(), 900);
  const std::string first = flight.initial(list[0]), second = flight.initial(list[1], 1);
  expect_found(
      {flight.zero_rtt(), flight.zero_rtt() + first + flight.handshake_packet() + second + "padding"});
  expect_found({first + second});
  QuicFlight v2 = flight;
  v2.version = kQuicVersion2;
  expect_found({v2.zero_rtt() + v2.handshake_packet() + v2.initial(crypto_frame(0, hello_message()))});
}

TEST(QuicHello, TakesTokensAndGreasedBitsAndEmptyIds) {
  QuicFlight flight;
  flight.token = std::string(300, 't');
  flight.has_fixed_bit = false;
  flight.source = "";
  flight.destination = flight.first_destination = "";
  expect_found({flight.initial(crypto_frame(0, hello_message()))});
}

TEST(QuicHello, DoesNotMixWhatCameBeforeARetryWithWhatCameAfter) {
  const QuicFlight before;
  QuicFlight after, server;
  after.first_destination = after.destination = "retry-id";
  after.token = "a token";
  server.destination = before.source;
  const auto old_list = frames(hello_message("old.example.org"), 900),
             new_list = frames(hello_message(), 900);
  const auto old_first = before.initial(old_list[0]), old_second = before.initial(old_list[1], 1);
  const auto new_first = after.initial(new_list[0], 2), new_second = after.initial(new_list[1], 3);
  expect_found({old_first, server.retry(), new_first, new_second}, "second lost");
  expect_found({old_second, server.retry(), new_first, new_second}, "first lost");
  expect_found({old_first, new_second, new_first}, "reordered");
  expect_found({old_first, new_first, old_first, new_second}, "repeated");
}

TEST(QuicHello, FollowsAVersionNegotiation) {
  QuicFlight forced, agreed;
  forced.version = 0x0a1a2a3a;
  const std::string negotiation = be8(0x80) + be32(0) + sized8(forced.source) + sized8(forced.destination) +
                                  be32(1) + be32(kQuicVersion2);
  const auto list = frames(hello_message(), 900);
  for (const std::uint32_t version : {kQuicVersion1, kQuicVersion2, 0xff00001du}) {
    agreed.version = version;
    expect_found({forced.initial(list[0]), negotiation, agreed.initial(list[0]), agreed.initial(list[1], 1)});
  }
  forced.version = 0xabcdef01;  // none that is known here
  expect_found({be8(0xc0) + be32(forced.version) + zeros(1200), negotiation, agreed.initial(list[0]),
                agreed.initial(list[1], 1)});
}

TEST(QuicHello, SaysWhetherTheHelloIsEncrypted) {
  Hello ech = browser_hello("public.example");
  ech.extensions.push_back(ech_extension());
  QuicHello hello;
  add_all(hello, {QuicFlight{}.initial(crypto_frame(0, handshake(1, ech.body())))});
  EXPECT_TRUE(hello.has_ech());
  EXPECT_EQ(hello.server_name(), "public.example");
}

TEST(QuicHello, TakesTheNameOfAHelloThatNeverEnds) {
  QuicHello hello;
  add_all(hello, {QuicFlight{}.initial(crypto_frame(0, hello_message().substr(0, 1500)))});
  EXPECT_EQ(hello.state(), HelloState::waiting);
  EXPECT_EQ(hello.finish(), HelloState::found);
  EXPECT_EQ(hello.server_name(), kName);
  EXPECT_EQ(QuicHello().finish(), HelloState::none);
}

TEST(QuicHello, GivesUpAfterAFixedNumberOfDecryptions) {
  QuicHello hello;
  for (int i = 0; i < 2 * QuicHello::kMostDecryptions; ++i) {
    QuicFlight flight;
    flight.first_destination = "wrong";
    flight.destination = "id " + std::to_string(i);
    hello.add(as_bytes(flight.initial(padding(50))), true);
  }
  EXPECT_EQ(hello.state(), HelloState::none);
}

TEST(QuicHello, LeavesFramesThatAreCutShort) {
  for (const std::string& frame : {crypto_frame(0, hello_message()), ack(), be8(0x40)}) {
    for (std::size_t n = 1; n < std::min<std::size_t>(frame.size(), 20); ++n) {
      QuicHello hello;
      add_all(hello, {QuicFlight{}.initial(padding(4) + frame.substr(0, n))});
      EXPECT_EQ(hello.state(), HelloState::waiting);
    }
  }
}

TEST(QuicHello, IgnoresCryptoDataBeyondTheLimit) {
  QuicHello hello;
  add_all(hello, {QuicFlight{}.initial(crypto_frame(QuicHello::kLongestHello - 2, "abc"))});
  EXPECT_LT(hello.memory(), 1000u);
}

std::string tag_map(const std::vector<std::pair<std::string, std::string>>& entries) {
  std::string table, values;
  for (const auto& [tag, value] : entries) {
    values += value;
    table += tag + le32(static_cast<unsigned>(values.size()));
  }
  return "CHLO" + be8(static_cast<unsigned>(entries.size())) + zeros(3) + table + values;
}

TEST(QuicHello, ReadsGooglesOwnHello) {
  const std::string chlo = tag_map({{std::string("PAD\0", 4), zeros(900)}, {std::string("SNI\0", 4), kName}});
  const std::string rest = be8(1) + std::string(12, 'h') + be8(0xa4) + be8(1) + be16(1024) + chlo;
  const std::string q039 = be8(0x0d) + "connecti" + "Q039" + rest, without_id = be8(0x01) + "Q035" + rest,
                    q046 = be8(0xc3) + "Q046" + be8(0x50) + "connecti" + be32(1) + rest;
  for (const auto& datagram : {q039, without_id, q046}) {
    EXPECT_TRUE(looks_like_quic_initial(as_bytes(datagram)));
    expect_found({datagram});
    for (std::size_t n = 0; n < datagram.size(); ++n) {
      QuicHello hello;
      EXPECT_EQ(hello.add(as_bytes(datagram).first(n), true), HelloState::waiting) << n;
    }
  }
  QuicFlight q050;
  q050.version = 0x51303530;
  expect_found({q050.initial(crypto_frame(0, chlo, 8) + padding(100))});
}

TEST(QuicHello, IsNotAskedAboutOtherTraffic) {
  EXPECT_FALSE(looks_like_quic_initial({}));
  EXPECT_FALSE(looks_like_quic_initial(as_bytes(std::string(100, '\0'))));
  EXPECT_FALSE(looks_like_quic_initial(as_bytes(std::string(100, '\xff'))));
  EXPECT_FALSE(looks_like_quic_initial(as_bytes(std::string("\xc0\0\0\0\1\x15", 6) + zeros(100))));
}

}  // namespace
}  // namespace pcapml
