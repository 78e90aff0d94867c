// SPDX-License-Identifier: Apache-2.0
#include "net/dns.h"

#include <gtest/gtest.h>

#include "net/dns_samples.h"
#include "net/dns_stream.h"

namespace pcapml {
namespace {

using namespace samples;

std::vector<std::string> addresses_of(const std::string& message) {
  DnsAnswer answer;
  std::vector<std::string> texts;
  if (parse_dns(as_bytes(message), answer) == DnsMessage::answer)
    for (const IpAddress& address : answer.addresses) texts.push_back(to_string(address));
  return texts;
}

using Texts = std::vector<std::string>;

TEST(Dns, GivesTheAddressesOfTheQuestion) {
  const std::string aaaa = dns_record("www.example", 28, be32(0x20010db8) + zeros(11) + be8(5));
  EXPECT_EQ(addresses_of(dns_message("www.example", {dns_a("WWW.example", 0xc0000201), aaaa})),
            (Texts{"192.0.2.1", "2001:db8::5"}));
}

TEST(Dns, FollowsAliasesInAnyOrderAndNamesTheQuestion) {
  const auto message =
      dns_message("www.example", {dns_a("cdn.example", 0xc0000201), dns_cname("b.example", "cdn.example"),
                                  dns_cname("www.example", "b.example")});
  DnsAnswer answer;
  ASSERT_EQ(parse_dns(as_bytes(message), answer), DnsMessage::answer);
  EXPECT_EQ(answer.question, "www.example.");
  EXPECT_EQ(answer.addresses.size(), 1U);
}

TEST(Dns, TakesNoAddressOfAnotherName) {
  EXPECT_EQ(addresses_of(dns_message("www.example", {dns_a("evil.example", 0xc0000201)})), Texts{});
  EXPECT_EQ(addresses_of(dns_message(
                "a.example", {dns_cname("a.example", "b.example"), dns_cname("b.example", "a.example")})),
            Texts{})
      << "a loop";
}

TEST(Dns, QueriesAndErrorsAnswerNothing) {
  EXPECT_EQ(addresses_of(dns_message("www.example", {dns_a("www.example", 1)}, 0x0100)), Texts{})
      << "a query";
  EXPECT_EQ(addresses_of(dns_message("www.example", {dns_a("www.example", 1)}, 0x8183)), Texts{})
      << "NXDOMAIN";
}

TEST(Dns, EveryPrefixIsReadWithoutHarm) {
  const auto message =
      dns_message("www.example", {dns_cname("www.example", "b.example"), dns_a("b.example", 1)});
  DnsAnswer answer;
  for (std::size_t n = 0; n < message.size(); ++n)
    EXPECT_NE(parse_dns(as_bytes(message).first(n), answer), DnsMessage::answer) << n;
}

std::string framed(const std::string& message) {
  return be16(static_cast<unsigned>(message.size())) + message;
}

std::vector<std::string> all_messages(DnsStream& stream) {
  std::vector<std::string> messages;
  for (Bytes message = stream.next(); !message.empty(); message = stream.next())
    messages.emplace_back(as_text(message));
  return messages;
}

const std::string kOne = dns_message("one.example", {dns_a("one.example", 1)});
const std::string kTwo = dns_message("two.example", {dns_a("two.example", 2)});

TEST(DnsStream, GivesSeveralMessagesOfOneSegment) {
  DnsStream stream;
  stream.add(100, as_bytes(framed(kOne) + framed(kTwo)));
  EXPECT_EQ(all_messages(stream), (Texts{kOne, kTwo}));
}

TEST(DnsStream, PutsAMessageTogetherFromSegmentsInAnyOrder) {
  const std::string bytes = framed(kOne) + framed(kTwo);
  for (std::size_t a = 1; a + 1 < bytes.size(); a += 3)
    for (std::size_t b = a + 1; b < bytes.size(); b += 5) {
      DnsStream stream;
      const std::uint32_t start = 0xfffffff0;  // the sequence numbers wrap
      Texts messages;
      const auto add = [&](std::size_t from, std::size_t to) {
        stream.add(start + static_cast<std::uint32_t>(from), as_bytes(bytes).subspan(from, to - from));
        for (auto& message : all_messages(stream)) messages.push_back(message);
      };
      add(0, a);
      add(b, bytes.size());
      add(0, a);
      add(a, b);
      EXPECT_EQ(messages, (Texts{kOne, kTwo})) << a << " " << b;
    }
}

TEST(DnsStream, GoesOnBehindAGap) {
  DnsStream stream;
  stream.add(0, as_bytes(framed(kOne)).first(20));
  Texts messages;
  for (std::uint32_t i = 0; i < 70; ++i) {
    stream.add(1000 + i * static_cast<std::uint32_t>(framed(kTwo).size()), as_bytes(framed(kTwo)));
    for (auto& message : all_messages(stream)) messages.push_back(message);
  }
  EXPECT_EQ(messages.size(), 70U);
  EXPECT_EQ(stream.memory(), 0U);
}

TEST(DnsStream, HoldsABoundedNumberOfBytes) {
  DnsStream stream;
  stream.add(0, as_bytes(framed(kOne)).first(2));
  const std::string segment(1400, 'x');
  for (std::uint32_t i = 1; i < 10'000; ++i) {
    stream.add(i * 2000, as_bytes(segment));
    all_messages(stream);
    ASSERT_LT(stream.memory(), 200'000U);
  }
}

}  // namespace
}  // namespace pcapml
