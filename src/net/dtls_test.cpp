// SPDX-License-Identifier: Apache-2.0
#include "net/dtls.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "net/client_hello_builder.h"

namespace pcapml {
namespace {

using namespace samples;

const std::string kName = "peer.example.org";

std::string hello_body(const std::string& cookie = "", unsigned version = 0xfefd) {
  Hello hello = browser_hello(kName);
  hello.version = version;
  hello.is_datagram = true;
  hello.cookie = cookie;
  return hello.body();
}

std::string message(const std::string& body, unsigned sequence, std::size_t at, std::size_t size,
                    unsigned type = 1) {
  const std::string fragment = body.substr(at, size);
  return be8(type) + be24(static_cast<unsigned>(body.size())) + be16(sequence) +
         be24(static_cast<unsigned>(at)) + be24(static_cast<unsigned>(fragment.size())) + fragment;
}

std::string dtls_record(const std::string& content, unsigned version = 0xfefd, unsigned type = 22,
                        unsigned epoch = 0) {
  return be8(type) + be16(version) + be16(epoch) + zeros(6) + sized16(content);
}

void expect_found(const std::vector<std::string>& datagrams) {
  DtlsHello hello;
  for (const auto& datagram : datagrams) hello.add(as_bytes(datagram));
  EXPECT_EQ(hello.state(), HelloState::found);
  EXPECT_EQ(hello.server_name(), kName);
}

TEST(DtlsHello, FindsTheHelloOfEveryVersion) {
  for (const unsigned version : {0xfeffu, 0xfefdu, 0xfefcu, 0x0100u}) {
    const std::string body = hello_body("", version);
    const std::string datagram = dtls_record(message(body, 0, 0, body.size()), version);
    EXPECT_TRUE(looks_like_dtls_handshake(as_bytes(datagram)));
    expect_found({datagram});
  }
}

TEST(DtlsHello, PutsFragmentsTogetherInAnyOrder) {
  std::mt19937 random(1);
  const std::string body = hello_body();
  for (const std::size_t size : {50u, 200u, 1000u}) {
    for (int round = 0; round < 20; ++round) {
      std::vector<std::string> datagrams(1);
      std::vector<std::string> fragments;
      for (std::size_t at = 0; at < body.size(); at += size)
        fragments.push_back(message(body, 0, at, size + 10));
      std::shuffle(fragments.begin(), fragments.end(), random);
      for (const auto& fragment : fragments) {
        if (random() % 2 == 0) datagrams.emplace_back();
        datagrams.back() += dtls_record(fragment);
      }
      expect_found(datagrams);
    }
  }
}

TEST(DtlsHello, FindsSeveralMessagesInARecord) {
  const std::string body = hello_body();
  expect_found(
      {dtls_record(message("x", 0, 0, 1, 3) + message(body, 0, 0, 700) + message(body, 0, 700, 2000))});
}

TEST(DtlsHello, FollowsTheCookieRound) {
  const std::string without = hello_body(), with = hello_body(std::string(20, 'c'));
  expect_found({dtls_record(message(without, 0, 0, 700)), dtls_record(message(with, 1, 700, 2000)),
                dtls_record(message(without, 0, 700, 100)), dtls_record(message(with, 1, 0, 700))});
}

TEST(DtlsHello, WaitsThroughOtherTraffic) {
  const std::string body = hello_body();
  std::vector<std::string> datagrams(1000, std::string("\0\1\0\0\x21\x12\xa4\x42", 8) + zeros(12));
  datagrams.push_back(dtls_record(message(body, 0, 0, body.size())));
  expect_found(datagrams);
}

TEST(DtlsHello, TakesTheNameOfAHelloThatNeverEnds) {
  const std::string body = hello_body();
  DtlsHello hello;
  hello.add(as_bytes(dtls_record(message(body, 0, 0, 1500))));
  EXPECT_EQ(hello.state(), HelloState::waiting);
  EXPECT_EQ(hello.finish(), HelloState::found);
  EXPECT_EQ(hello.server_name(), kName);
  EXPECT_EQ(DtlsHello().finish(), HelloState::none);
}

TEST(DtlsHello, GivesUpOnTheServersSideAndOnEncryptedRecords) {
  DtlsHello server;
  for (int i = 0; i < 100; ++i) server.add(as_bytes(dtls_record(message("hello", 0, 0, 5, 2))));
  EXPECT_EQ(server.state(), HelloState::none);
  const std::string body = hello_body();
  DtlsHello encrypted;
  EXPECT_EQ(encrypted.add(as_bytes(dtls_record(message(body, 0, 0, 3000), 0xfefd, 22, 1))),
            HelloState::waiting);
}

TEST(DtlsHello, RefusesFragmentsThatContradictThemselves) {
  DtlsHello hello;
  hello.add(as_bytes(dtls_record(be8(1) + be24(10) + be16(0) + be24(8) + be24(5) + "abcde")));
  hello.add(as_bytes(dtls_record(be8(1) + be24(0xffffff) + be16(0) + be24(0xfffff0) + be24(5) + "abcde")));
  EXPECT_EQ(hello.state(), HelloState::waiting);
  EXPECT_LT(hello.memory(), 100u);
}

}  // namespace
}  // namespace pcapml
