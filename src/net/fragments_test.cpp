// SPDX-License-Identifier: Apache-2.0
#include "net/fragments.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "net/packet_samples.h"

namespace pcapml {
namespace {

using namespace samples;

std::string datagram() {
  std::string payload(3000, 'x');
  for (std::size_t i = 0; i < payload.size(); ++i) payload[i] = static_cast<char>(i % 251);
  return udp(payload);
}

std::vector<std::string> fragments_of(bool ipv6_packet) {
  const std::string whole = datagram();
  std::vector<std::string> fragments;
  constexpr std::size_t kPiece = 1000;
  for (std::size_t at = 0; at < whole.size(); at += kPiece) {
    const bool more = at + kPiece < whole.size();
    const std::string piece = whole.substr(at, kPiece);
    const auto offset = static_cast<unsigned>(at);
    fragments.push_back(ipv6_packet
                            ? ipv6(44, fragment6(17, offset, more, piece))
                            : ipv4({.protocol = 17, .fragment = (more ? 0x2000u : 0u) | offset / 8}, piece));
  }
  return fragments;
}

TEST(Fragments, PutAPacketTogetherInAnyOrder) {
  for (const bool is_ipv6 : {false, true}) {
    auto pieces = fragments_of(is_ipv6);
    std::vector<std::size_t> order = {0, 1, 2, 3};
    ASSERT_EQ(pieces.size(), order.size());
    do {
      Fragments fragments(1 << 20);
      Fragments::Result result;
      for (const std::size_t i : order) {
        ASSERT_TRUE(result.packet.empty());
        const auto headers = parse_headers(kLinkRaw, as_bytes(pieces[i]));
        ASSERT_TRUE(headers && headers->is_fragment());
        result = fragments.add(*headers, as_bytes(pieces[i]));
      }
      const auto whole = parse_headers(kLinkRaw, result.packet);
      ASSERT_TRUE(whole);
      EXPECT_FALSE(whole->is_fragment());
      EXPECT_EQ(whole->flow, result.flow);
      EXPECT_EQ(whole->flow.destination_port, 53);
      EXPECT_EQ(as_text(result.packet.subspan(whole->transport_offset)), datagram());
      EXPECT_EQ(fragments.incomplete(), 0U);
    } while (std::next_permutation(order.begin(), order.end()));
  }
}

TEST(Fragments, LaterPiecesHaveThePortsOfTheFirst) {
  Fragments fragments(1 << 20);
  const auto pieces = fragments_of(false);
  for (std::size_t i = 0; i < 2; ++i) {
    const auto headers = parse_headers(kLinkRaw, as_bytes(pieces[i]));
    EXPECT_EQ(fragments.add(*headers, as_bytes(pieces[i])).flow.destination_port, 53);
  }
  EXPECT_EQ(fragments.incomplete(), 1U);
}

TEST(Fragments, ForgetTheOldestAndCount) {
  Fragments fragments(10'000);
  for (unsigned i = 0; i < 1000; ++i) {
    const std::string piece =
        ipv4({.protocol = 17, .fragment = 0x2000, .source = i + 1}, udp(std::string(1000, 'x')));
    const auto headers = parse_headers(kLinkRaw, as_bytes(piece));
    fragments.add(*headers, as_bytes(piece));
  }
  EXPECT_EQ(fragments.incomplete(), 1000U);
}

}  // namespace
}  // namespace pcapml
