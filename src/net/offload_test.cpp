// SPDX-License-Identifier: Apache-2.0
#include "net/offload.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "net/checksum_checks.h"
#include "net/packet_samples.h"

namespace pcapml {
namespace {

using namespace samples;
using namespace checks;

constexpr std::uint32_t kNoLimit = 0xffffffff;

struct Result {
  std::vector<std::string> data;
  std::vector<std::uint32_t> lengths;
  Offload::Counts counts;
};

Result unfold(const std::string& captured, std::size_t length, std::uint32_t gso_size,
              std::uint32_t snap_length = kNoLimit, bool fixed_id = false) {
  Offload offload(snap_length);
  Result result;
  for (const WirePacket& packet :
       offload.wire_packets(as_bytes(captured), static_cast<std::uint32_t>(length), gso_size, fixed_id)) {
    result.data.emplace_back(as_text(packet.data));
    result.lengths.push_back(packet.original_length);
  }
  result.counts = offload.counts();
  return result;
}
Result unfold(const std::string& packet, std::uint32_t gso_size) {
  return unfold(packet, packet.size(), gso_size);
}

std::string noise(std::size_t size, unsigned seed = 1) {
  std::mt19937 random(seed);
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>(random());
  return bytes;
}

/// The given bytes of TCP's flags, and the sequence number.
std::string with_flags(std::string packet, unsigned flags) {
  packet[transport_of(packet) + 13] = static_cast<char>(flags);
  return packet;
}
unsigned flags_of(const std::string& packet) { return u8(packet, transport_of(packet) + 13); }
unsigned sequence_of(const std::string& packet) { return u32(packet, transport_of(packet) + 4); }

TEST(Offload, CutsASuperpacketOfTcpAsLinuxDoes) {
  const std::string payload = noise(3500);
  const std::string packet =
      with_flags(ipv4({}, tcp(payload, std::string("\1\1\x8\xa", 4) + zeros(8))), 0xf9);
  const Result result = unfold(packet, 1448);
  ASSERT_EQ(result.data.size(), 3U);
  EXPECT_EQ(result.lengths, (std::vector<std::uint32_t>{52 + 1448, 52 + 1448, 52 + 604}));
  std::string joined;
  for (std::size_t i = 0; i < 3; ++i) {
    const std::string& segment = result.data[i];
    EXPECT_TRUE(header_verifies(segment) && transport_verifies(segment)) << i;
    EXPECT_TRUE(lengths_are_right(segment, result.lengths[i])) << i;
    EXPECT_EQ(u16(segment, 4), 0x4711 + i);
    EXPECT_EQ(sequence_of(segment), 1000 + i * 1448);
    EXPECT_EQ(segment.substr(40, 12), packet.substr(40, 12));
    joined += segment.substr(52);
  }
  EXPECT_EQ(joined, payload);
  // URG, ECE and ACK are everywhere, CWR only on the first, PSH and FIN only on the last.
  EXPECT_EQ(flags_of(result.data[0]), 0xf0U);
  EXPECT_EQ(flags_of(result.data[1]), 0x70U);
  EXPECT_EQ(flags_of(result.data[2]), 0x79U);
  EXPECT_EQ(result.counts.superpackets, 1U);
  EXPECT_EQ(result.counts.unfilled + result.counts.cut + result.counts.malformed, 0U);
}

TEST(Offload, FindsThePayloadOfPiecesOfARecord) {
  const std::string packet = ipv4({}, tcp(noise(3500)));
  const std::uint32_t gso_size = 1448, piece = 200;
  std::string captured;
  for (std::size_t from = 0; from < packet.size(); from += gso_size) captured += packet.substr(from, piece);
  Offload offload(150), whole(150);
  const auto length = static_cast<std::uint32_t>(packet.size());
  const auto pieces = offload.wire_packets(as_bytes(captured), length, gso_size, false, piece);
  const auto all = whole.wire_packets(as_bytes(packet), length, gso_size);
  ASSERT_EQ(pieces.size(), all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(pieces[i].original_length, all[i].original_length);
    std::string expected(as_text(all[i].data)), found(as_text(pieces[i].data));
    ASSERT_EQ(found.size(), expected.size());
    // The checksum needs the payload that is missing.
    expected.replace(36, 2, "xx");
    found.replace(36, 2, "xx");
    EXPECT_EQ(found, expected) << i;
  }
  EXPECT_EQ(offload.counts().unfilled, 3U);
  EXPECT_EQ(offload.counts().cut, 0U);
}

TEST(Offload, NumbersWrap) {
  std::string packet = ipv4({}, tcp(noise(100)));
  set16(packet, 4, 0xffff);
  packet.replace(24, 4, be32(0xfffffff0));
  const Result result = unfold(packet, 50);
  ASSERT_EQ(result.data.size(), 2U);
  EXPECT_EQ(u16(result.data[1], 4), 0U);
  EXPECT_EQ(sequence_of(result.data[1]), 0x22U);
}

TEST(Offload, KeepsAFixedIdentification) {
  const std::string packet = ipv4({}, tcp(noise(100)));
  for (const std::string& segment : unfold(packet, packet.size(), 50, kNoLimit, true).data)
    EXPECT_EQ(u16(segment, 4), 0x4711U);
}

TEST(Offload, CutsASuperpacketOfUdp) {
  for (const std::string& packet : {ipv4({.protocol = 17}, udp(noise(2500))), ipv6(17, udp(noise(2500)))}) {
    const Result result = unfold(packet, 1000);
    ASSERT_EQ(result.data.size(), 3U);
    std::string joined;
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_TRUE(header_verifies(result.data[i]) && transport_verifies(result.data[i]));
      EXPECT_TRUE(lengths_are_right(result.data[i], result.lengths[i]));
      joined += result.data[i].substr(payload_of(packet));
    }
    EXPECT_EQ(joined, packet.substr(payload_of(packet)));
  }
}

TEST(Offload, LeavesUdpWithoutChecksum) {
  const Result whole = unfold(ipv4({.protocol = 17}, udp("hello", 0)), 0);
  EXPECT_EQ(u16(whole.data.at(0), 26), 0U);
  for (const std::string& segment : unfold(ipv4({.protocol = 17}, udp(noise(30), 0)), 10).data)
    EXPECT_EQ(u16(segment, 26), 0U);
}

TEST(Offload, TakesOutTheJumbogramHeader) {
  const std::string payload = noise(150000);
  const std::string transport = tcp(payload);
  const std::string packet = ipv6(0, jumbo(6, static_cast<unsigned>(transport.size()) + 8, transport), 0);
  const Result result = unfold(packet, 1428);
  ASSERT_EQ(result.data.size(), (payload.size() + 1427) / 1428);
  std::string joined;
  for (std::size_t i = 0; i < result.data.size(); ++i) {
    ASSERT_EQ(protocol_of(result.data[i]), 6U);
    ASSERT_TRUE(lengths_are_right(result.data[i], result.lengths[i]) && transport_verifies(result.data[i]));
    joined += result.data[i].substr(60);
  }
  EXPECT_EQ(joined, payload);
}

TEST(Offload, BelievesTheRecordWhereTheLengthsAreTooSmallForIt) {
  std::string long_udp = udp(noise(150000));
  set16(long_udp, 4, 0);
  const std::string packets[] = {ipv4({.total = 0}, tcp(noise(150000))),
                                 ipv4({.total = (150000 + 40) & 0xffff}, tcp(noise(150000))),
                                 ipv4({.total = 7}, tcp(noise(150000))),
                                 ipv6(6, tcp(noise(150000)), 0),
                                 ipv4({.protocol = 17, .total = 0}, long_udp),
                                 ipv6(17, long_udp, 0)};
  for (const std::string& packet : packets) {
    const Result result = unfold(packet, 1400);
    ASSERT_EQ(result.data.size(), 108U);
    for (std::size_t i = 0; i < result.data.size(); ++i) {
      ASSERT_TRUE(header_verifies(result.data[i]) && transport_verifies(result.data[i]));
      ASSERT_TRUE(lengths_are_right(result.data[i], result.lengths[i]));
    }
  }
}

TEST(Offload, KeepsExtensionHeaders) {
  const std::string packet = ipv6(0, extension(43, extension(60, extension(6, tcp(noise(100))), 1)));
  const Result result = unfold(packet, 40);
  ASSERT_EQ(result.data.size(), 3U);
  EXPECT_EQ(result.data[1].substr(40, 32), packet.substr(40, 32));
  EXPECT_EQ(result.data[2].size(), 40U + 32 + 20 + 20);
  EXPECT_EQ(u16(result.data[2], 4), 32U + 20 + 20);
}

TEST(Offload, SumsOverTheLastDestinationOfARoutingHeader) {
  const std::string last = zeros(15) + "\x09", other = zeros(15) + "\x08";
  const std::string fixed = ipv6(43, "");
  for (const auto& [type, addresses] : {std::pair{4U, last + other}, std::pair{0U, other + last}}) {
    const std::string transport = udp("hello!", 0);
    std::string packet = ipv6(43, be8(17) + be8(4) + be8(type) + be8(1) + zeros(4) + addresses + transport);
    const unsigned sum = naive_sum(fixed.substr(8, 16) + last + be32(17) + be32(14));
    set16(packet, 80 + 6, sum);
    EXPECT_EQ(u16(unfold(packet, 0).data.at(0), 86), 0xffffU & ~naive_sum(transport, sum));
  }
}

TEST(Offload, FillsInExactlyWhatIsLeftToTheDevice) {
  for (const std::string& packet : {ipv4({}, tcp("hello")), ipv6(6, tcp("hello!")),
                                    ipv4({.protocol = 17}, udp("hello")), ipv6(17, udp(""))}) {
    const std::string left = partial(packet);
    const Result result = unfold(left, 0);
    ASSERT_EQ(result.data.size(), 1U);
    EXPECT_TRUE(transport_verifies(result.data[0]));
    EXPECT_EQ(result.data[0].substr(0, checksum_of(packet)), left.substr(0, checksum_of(packet)));
    EXPECT_EQ(unfold(result.data[0], 0).data, result.data);
    // Anything else is somebody's checksum.
    for (const unsigned difference : {1U, 2U, 0x100U, 0x8000U}) {
      std::string foreign = left;
      set16(foreign, checksum_of(packet), u16(left, checksum_of(packet)) ^ difference);
      EXPECT_EQ(unfold(foreign, 0).data.at(0), foreign);
    }
    EXPECT_EQ(unfold(packet, 0).data.at(0), packet);
  }
}

TEST(Offload, SendsAUdpChecksumOfZeroAsAllOnes) {
  std::string packet = ipv4({.protocol = 17}, udp(zeros(2)));
  set16(packet, 28, 0xffff - naive_sum(partial(packet).substr(20)));
  const Result result = unfold(partial(packet), 0);
  EXPECT_EQ(u16(result.data.at(0), 26), 0xffffU);
}

TEST(Offload, CoversWhatUdpLiteCovers) {
  std::string packet = ipv4({.protocol = 136}, udp("hello, world"));
  for (const unsigned covered : {0U, 8U, 12U, 20U}) {
    set16(packet, 24, covered);
    const std::string left = partial(packet);
    const std::string filled = unfold(left, 0).data.at(0);
    const std::string part = filled.substr(20, covered == 0 ? 20 : covered);
    EXPECT_EQ(naive_sum(part, naive_pseudo(packet, 20)), 0xffffU) << covered;
  }
}

TEST(Offload, FillsInTheCrcOfSctp) {
  // RFC 9260, appendix A names the polynomial; the value is the well-known check of "123456789".
  const std::string packet = ipv4({.protocol = 132}, sctp("123456789", 0));
  const std::string filled = unfold(packet, 0).data.at(0);
  std::uint32_t state = 0xffffffff;
  for (const char c : packet.substr(20)) {
    state ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) state = state >> 1 ^ ((state & 1) != 0 ? 0x82f63b78U : 0U);
  }
  EXPECT_EQ(filled.substr(28, 4), le32(~state));
  EXPECT_EQ(unfold(ipv4({.protocol = 132}, sctp("x")), 0).data.at(0), ipv4({.protocol = 132}, sctp("x")));
}

TEST(Offload, LeavesFragmentsAlone) {
  for (const unsigned fragment : {0x2000U, 0x2010U, 0x0010U}) {
    const std::string packet = partial(ipv4({.protocol = 17, .fragment = fragment}, udp("hello")));
    EXPECT_EQ(unfold(packet, 0).data.at(0), packet);
  }
  const std::string packet = ipv6(44, fragment6(17, 0, true, udp("hello")));
  EXPECT_EQ(unfold(packet, 0).data.at(0), packet);
}

TEST(Offload, IsOnePacketWhereOneSegmentHoldsAll) {
  const std::string packet = partial(ipv4({}, tcp(noise(1000))));
  for (const std::uint32_t gso_size : {1000U, 1448U, 65535U}) {
    const Result result = unfold(packet, gso_size);
    ASSERT_EQ(result.data.size(), 1U);
    EXPECT_TRUE(transport_verifies(result.data[0]));
    EXPECT_EQ(result.counts.superpackets, 0U);
  }
  EXPECT_EQ(unfold(packet, 999).data.size(), 2U);
}

TEST(Offload, LeavesWhatCannotBeCut) {
  std::string short_header = ipv4({}, tcp(noise(100)));
  short_header[32] = 0x40;
  const std::string packets[] = {ipv4({.protocol = 1}, icmp_echo(noise(100))),
                                 ipv4({.protocol = 132}, sctp(noise(100))),
                                 ipv4({.protocol = 17, .fragment = 0x2000}, udp(noise(100))),
                                 ipv6(44, fragment6(17, 8, false, noise(100))),
                                 short_header,
                                 zeros(100)};
  for (const std::string& packet : packets) {
    const Result result = unfold(packet, 10);
    EXPECT_EQ(result.data, std::vector{packet});
    EXPECT_EQ(result.counts.malformed, 1U);
    EXPECT_EQ(result.counts.superpackets, 0U);
  }
  // No IPv4 packet is as long as these segments would be.
  const std::string huge = ipv4({.total = 0}, tcp(noise(140000)));
  EXPECT_EQ(unfold(huge, 65500).counts.malformed, 1U);
  // Nor are there so many segments.
  EXPECT_EQ(unfold(huge, 1).counts.malformed, 1U);
}

TEST(Offload, TellsWhichPacketsMissPayload) {
  const std::string packet = partial(ipv4({}, tcp(noise(3000))));
  const Result headers_only = unfold(packet.substr(0, 128), packet.size(), 1000, 1500);
  EXPECT_EQ(headers_only.lengths, (std::vector<std::uint32_t>(3, 1040)));
  EXPECT_EQ(headers_only.data[0].size(), 128U);
  EXPECT_EQ(headers_only.data[1].size(), 40U);
  EXPECT_EQ(headers_only.counts.unfilled, 3U);
  EXPECT_EQ(headers_only.counts.cut, 3U);
  for (const std::string& segment : headers_only.data) {
    EXPECT_TRUE(header_verifies(segment));
    EXPECT_EQ(u16(segment, 36), naive_pseudo(segment, 1020));
  }
  // The same prefix is all that a shorter snap length asks for, at least of the first packet.
  EXPECT_EQ(unfold(packet.substr(0, 128), packet.size(), 1000, 128).counts.cut, 2U);
  EXPECT_EQ(unfold(packet.substr(0, 128), packet.size(), 1000, 40).counts.cut, 0U);

  const Result one = unfold(packet.substr(0, 128), packet.size(), 0, 1500);
  EXPECT_EQ(one.data.at(0), packet.substr(0, 128));
  EXPECT_EQ(one.counts.unfilled, 1U);
  EXPECT_EQ(one.counts.cut, 1U);
}

TEST(Offload, EveryPrefixGivesTheSamePackets) {
  const std::string packets[] = {ipv4({.options = zeros(8)}, tcp(noise(300), zeros(12))),
                                 ipv6(17, udp(noise(300))), ipv6(0, jumbo(6, 70000, tcp(noise(300))), 0),
                                 ipv6(0, extension(43, extension(60, extension(6, tcp(noise(300))), 1)))};
  for (const std::string& packet : packets) {
    const Result whole = unfold(packet, 70);
    for (std::size_t n = 0; n <= packet.size(); ++n) {
      const Result part = unfold(packet.substr(0, n), packet.size(), 70, 64);
      if (part.counts.malformed != 0) {
        ASSERT_EQ(part.data, std::vector{packet.substr(0, std::min<std::size_t>(n, 64))});
        continue;
      }
      ASSERT_EQ(part.lengths, whole.lengths);
      for (const std::string& data : part.data) ASSERT_LE(data.size(), 64U);
    }
    ASSERT_EQ(unfold(packet.substr(0, packet.size() - 300), packet.size(), 70).lengths, whole.lengths);
  }
}

TEST(Offload, TheSnapLengthCutsAfterChecksums) {
  const std::string packet = ipv4({}, tcp(noise(5000)));
  const Result whole = unfold(packet, 1448);
  for (const std::uint32_t snap_length : {0U, 1U, 19U, 30U, 40U, 41U, 1000U, 1488U, 5000U}) {
    const Result part = unfold(packet, packet.size(), 1448, snap_length);
    ASSERT_EQ(part.lengths, whole.lengths);
    EXPECT_EQ(part.counts.cut + part.counts.unfilled, 0U);
    for (std::size_t i = 0; i < part.data.size(); ++i)
      EXPECT_EQ(part.data[i], whole.data[i].substr(0, snap_length));
  }
  for (const std::uint32_t snap_length : {0U, 37U, 100U}) {
    const std::string left = partial(ipv4({}, tcp(noise(200))));
    EXPECT_EQ(unfold(left, left.size(), 0, snap_length).data.at(0),
              unfold(left, 0).data.at(0).substr(0, snap_length));
  }
}

TEST(Offload, AnySuperpacketComesApartAndTogether) {
  std::mt19937 random(5);
  const auto below = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
  Offload offload(kNoLimit);
  for (int round = 0; round < 3000; ++round) {
    const bool v4 = below(2) == 0, is_tcp = below(2) == 0;
    const std::size_t size = 2 + below(below(10) == 0 ? 60000 : 4000);
    const auto gso_size = static_cast<std::uint32_t>(1 + below(static_cast<unsigned>(size) - 1));
    const std::string payload = noise(size, static_cast<unsigned>(round));
    const std::string transport = is_tcp ? tcp(payload, zeros(below(11) * std::size_t{4})) : udp(payload);
    const std::string packet =
        v4 ? ipv4({.protocol = is_tcp ? 6U : 17U, .options = zeros(below(11) * std::size_t{4})}, transport)
           : ipv6(is_tcp ? 6 : 17, transport);
    const std::size_t headers = payload_of(packet);
    const std::size_t captured = below(2) == 0 ? packet.size() : headers + below(static_cast<unsigned>(size));
    const auto before = offload.counts();
    const auto segments = offload.wire_packets(as_bytes(packet).first(captured),
                                               static_cast<std::uint32_t>(packet.size()), gso_size);
    ASSERT_EQ(segments.size(), (size + gso_size - 1) / gso_size);
    std::string joined;
    std::uint64_t missing = 0;
    for (const WirePacket& segment : segments) {
      const std::string data(as_text(segment.data));
      joined += data.substr(headers);
      ASSERT_TRUE(header_verifies(data) && lengths_are_right(data, segment.original_length));
      if (data.size() == segment.original_length)
        ASSERT_TRUE(transport_verifies(data));
      else
        ++missing;
    }
    ASSERT_EQ(joined, payload.substr(0, captured - headers));
    ASSERT_EQ(offload.counts().unfilled - before.unfilled, missing);
    ASSERT_EQ(offload.counts().cut - before.cut, missing);
  }
}

TEST(Offload, DoesNotCopyWhatIsAsTheWireHasIt) {
  const std::string packet = ipv4({}, tcp("hello"));
  Offload offload(kNoLimit);
  const auto packets = offload.wire_packets(as_bytes(packet), static_cast<std::uint32_t>(packet.size()), 0);
  EXPECT_EQ(packets[0].data.data(), as_bytes(packet).data());
}

}  // namespace
}  // namespace pcapml
