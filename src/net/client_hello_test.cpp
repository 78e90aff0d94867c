// SPDX-License-Identifier: Apache-2.0
#include "net/client_hello.h"

#include <gtest/gtest.h>

#include "net/client_hello_builder.h"

namespace pcapml {
namespace {

using namespace samples;

std::optional<ClientHello> parse(const std::string& body, HelloKind kind = HelloKind::stream) {
  return parse_client_hello(as_bytes(body), body.size(), kind);
}

TEST(ClientHello, YieldsTheServerName) {
  const std::string body = browser_hello("www.example.org").body();
  const auto hello = parse(body);
  ASSERT_TRUE(hello);
  EXPECT_EQ(hello->server_name, "www.example.org");
  EXPECT_TRUE(hello->complete);
  EXPECT_FALSE(hello->has_ech);
  EXPECT_GT(body.size(), 1600u);
}

TEST(ClientHello, MayHaveNoNameAndNoExtensions) {
  Hello hello;
  const std::string empty_list = hello.body(), no_list = empty_list.substr(0, empty_list.size() - 2);
  for (const auto& body : {empty_list, no_list}) {
    const auto parsed = parse(body);
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->server_name, "");
    EXPECT_TRUE(parsed->complete);
  }
}

TEST(ClientHello, GivesTheNameOfEveryPrefixThatHoldsIt) {
  for (const Hello& hello : {browser_hello("a.example"), small_hello("a.example")}) {
    const std::string body = hello.body();
    const std::size_t name_end = body.find("a.example") + 9;
    for (std::size_t n = 0; n <= body.size(); ++n) {
      const auto parsed = parse_client_hello(as_bytes(body).first(n), body.size());
      ASSERT_TRUE(parsed) << n;
      EXPECT_EQ(parsed->server_name, n < name_end ? "" : "a.example") << n;
      EXPECT_EQ(parsed->complete, n == body.size()) << n;
    }
  }
}

TEST(ClientHello, IgnoresWhatFollowsTheMessage) {
  const std::string body = small_hello("a.example").body();
  const std::string longer = body + "junk";
  const auto parsed = parse_client_hello(as_bytes(longer), body.size());
  ASSERT_TRUE(parsed);
  EXPECT_TRUE(parsed->complete);
}

TEST(ClientHello, RecognisesEncryptedHellosOfAllDrafts) {
  for (const unsigned type : {0xfe0du, 0xfe08u, 0xfe0au, 0xff02u, 0xffceu}) {
    Hello hello = small_hello("public.example");
    hello.extensions.push_back(ech_extension(type));
    const std::string body = hello.body();
    const auto parsed = parse(body);
    ASSERT_TRUE(parsed);
    EXPECT_TRUE(parsed->has_ech);
    EXPECT_EQ(parsed->server_name, "public.example");
  }
}

TEST(ClientHello, OfDtlsHasACookie) {
  Hello hello = small_hello("peer.example");
  hello.version = 0xfefd;
  hello.is_datagram = true;
  for (const std::string& cookie : {std::string(), std::string(20, 'c'), std::string(255, 'c')}) {
    hello.cookie = cookie;
    const std::string body = hello.body();
    const auto parsed = parse(body, HelloKind::datagram);
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->server_name, "peer.example");
    EXPECT_FALSE(parse(body, HelloKind::stream));
  }
}

TEST(ClientHello, TakesTheFirstHostName) {
  Hello hello;
  const std::string other = be8(7) + sized16("other"), host = be8(0) + sized16("host.example");
  hello.extensions = {{0, sized16(other + host)}, server_name_extension("second.example")};
  const std::string body = hello.body();
  ASSERT_TRUE(parse(body));
  EXPECT_EQ(parse(body)->server_name, "host.example");
}

TEST(ClientHello, RefusesWhatContradictsItself) {
  Hello wrong_version = small_hello("a"), long_session = small_hello("a"), odd_suites = small_hello("a"),
        no_suites = small_hello("a"), no_methods = small_hello("a");
  wrong_version.version = 0x0203;
  long_session.session = std::string(33, 's');
  odd_suites.suites = "abc";
  no_suites.suites = "";
  no_methods.methods = "";
  for (const Hello& hello : {wrong_version, long_session, odd_suites, no_suites, no_methods})
    EXPECT_FALSE(parse(hello.body()));
  std::string overlong = small_hello("a").body();
  overlong.resize(overlong.size() - 1);
  EXPECT_FALSE(parse(overlong));
  EXPECT_FALSE(parse(""));
}

TEST(ClientHello, KeepsANameThatStandsBeforeDamage) {
  Hello hello = small_hello("a.example");
  hello.extensions.push_back({21, zeros(8)});
  std::string body = hello.body();
  body[body.size() - 9] = '\x7f';  // the length of the last extension
  ASSERT_TRUE(parse(body));
  EXPECT_EQ(parse(body)->server_name, "a.example");
}

}  // namespace
}  // namespace pcapml
