// SPDX-License-Identifier: Apache-2.0
#include "net/host_name.h"

#include <gtest/gtest.h>

namespace pcapml {
namespace {

TEST(HostName, IsLowerCaseWithoutADotAtTheEnd) {
  EXPECT_EQ(normal_host_name("WWW.Example.COM."), "www.example.com");
  EXPECT_EQ(normal_host_name("_dmarc.x-1.example"), "_dmarc.x-1.example");
  EXPECT_EQ(normal_host_name("localhost"), "localhost");
  EXPECT_EQ(normal_host_name("1.2.3.4.in-addr.arpa"), "1.2.3.4.in-addr.arpa");
}

TEST(HostName, RejectsWhatIsNone) {
  using namespace std::string_view_literals;
  for (const std::string_view text :
       {""sv, "."sv, "a..b"sv, ".a"sv, "a,b.example"sv, "a b"sv, "a\0b"sv, "a\nb"sv, "192.0.2.1"sv,
        "2001:db8::1"sv, "[::1]"sv, "example.1"sv, "a\\.b"sv, "b\xc3\xbc.example"sv, "a%2c.b"sv, "a=b"sv})
    EXPECT_EQ(normal_host_name(text), std::nullopt) << text;
  EXPECT_EQ(normal_host_name(std::string(64, 'a') + ".example"), std::nullopt);
  std::string longest;
  while (longest.size() < 250) longest += "abcdefghi.";
  EXPECT_TRUE(normal_host_name(longest + "abc"));
  EXPECT_EQ(normal_host_name(longest + "abcd"), std::nullopt);
}

}  // namespace
}  // namespace pcapml
