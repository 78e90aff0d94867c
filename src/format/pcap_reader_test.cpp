// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "build_capture.h"
#include "format/block.h"
#include "read_capture.h"

namespace pcapml {
namespace {

using test::Builder;
using test::read_capture;
using testing::HasSubstr;

class PcapInOrder : public testing::TestWithParam<ByteOrder> {
 protected:
  Builder file{GetParam()};
};
INSTANTIATE_TEST_SUITE_P(BothOrders, PcapInOrder, testing::Values(ByteOrder::little, ByteOrder::big));

TEST_P(PcapInOrder, BeginsWithASectionAndAnInterface) {
  file.pcap_header(test::kMicroMagic, 113, 96).pcap_packet(1, 2, "abc");
  const auto capture = read_capture(file.bytes());
  using enum Record::Kind;
  EXPECT_EQ(capture.kinds, (std::vector{section, interface, packet}));
  EXPECT_EQ(capture.interfaces[0].link_type, 113);
  EXPECT_EQ(capture.interfaces[0].snap_length, 96u);
  EXPECT_EQ(capture.interfaces[0].fcs_bits, 0);
  EXPECT_EQ(capture.interfaces[0].resolution, TimeResolution::micro());
  EXPECT_TRUE(capture.interfaces[0].options.empty());
}

TEST_P(PcapInOrder, TimesAreMicroOrNanoseconds) {
  file.pcap_header(test::kMicroMagic).pcap_packet(0xffffffff, 999'999, "a");
  auto capture = read_capture(file.bytes());
  EXPECT_EQ(capture.packets[0].timestamp_ns, 4'294'967'295'999'999'000);
  EXPECT_EQ(capture.packets[0].ticks, 4'294'967'295'999'999u);

  file = Builder(GetParam());
  file.pcap_header(test::kNanoMagic).pcap_packet(0xffffffff, 999'999'999, "a");
  capture = read_capture(file.bytes());
  EXPECT_EQ(capture.packets[0].timestamp_ns, 4'294'967'295'999'999'999);
  EXPECT_EQ(capture.interfaces[0].resolution, TimeResolution::nano());
  const auto option = capture.interfaces[0].options_view().find(kInterfaceResolution);
  ASSERT_TRUE(option) << "a pcapng file made of this one needs it";
  EXPECT_EQ(option->text(), "\x09");
}

TEST_P(PcapInOrder, FractionsAboveASecondCount) {
  file.pcap_header(test::kMicroMagic).pcap_packet(10, 3'500'000, "a");
  EXPECT_EQ(read_capture(file.bytes()).packets[0].timestamp_ns, 13'500'000'000);
  file = Builder(GetParam());
  file.pcap_header(test::kNanoMagic).pcap_packet(10, 0xffffffff, "a");
  EXPECT_EQ(read_capture(file.bytes()).packets[0].timestamp_ns, 14'294'967'295);
}

TEST_P(PcapInOrder, TheUpperBitsOfTheLinkTypeTellTheChecksumLength) {
  file.pcap_header(test::kMicroMagic, 0x24000001);
  auto capture = read_capture(file.bytes());
  EXPECT_EQ(capture.interfaces[0].link_type, 1);
  EXPECT_EQ(capture.interfaces[0].fcs_bits, 32);
  EXPECT_EQ(capture.interfaces[0].options_view().find(kInterfaceFcsLength)->text(), "\x20");

  file = Builder(GetParam());
  file.pcap_header(test::kMicroMagic, 0x23ff0001);  // no such flag, and reserved bits
  capture = read_capture(file.bytes());
  EXPECT_EQ(capture.interfaces[0].link_type, 1);
  EXPECT_EQ(capture.interfaces[0].fcs_bits, 0);
}

TEST_P(PcapInOrder, LengthsNeedNotAgreeWithEachOther) {
  file.pcap_header(test::kMicroMagic, 1, 4)
      .pcap_packet(1, 0, "longer than the snap length")
      .pcap_packet(1, 1, "cut", 1500)
      .pcap_packet(1, 2, "more captured than there was", 3)
      .pcap_packet(1, 3, "");
  const auto capture = read_capture(file.bytes());
  ASSERT_EQ(capture.packets.size(), 4u);
  EXPECT_EQ(test::text_of(capture.packets[0].data), "longer than the snap length");
  EXPECT_EQ(capture.packets[1].original_length, 1500u);
  EXPECT_EQ(capture.packets[2].original_length, 3u);
  EXPECT_EQ(capture.packets[2].data.size(), 28u);
  EXPECT_TRUE(capture.packets[3].data.empty());
  EXPECT_FALSE(capture.error);
}

TEST_P(PcapInOrder, KuznetzovsHeadersAreEightBytesLonger) {
  const auto capture = read_capture(test::small_pcap(GetParam(), test::kKuznetzovMagic).bytes());
  ASSERT_EQ(capture.packets.size(), 3u);
  EXPECT_EQ(test::text_of(capture.packets[0].data), "first");
  EXPECT_EQ(test::text_of(capture.packets[2].data), "third!");
  EXPECT_EQ(capture.packets[2].original_length, 99u);
}

TEST_P(PcapInOrder, OldVersionsHadTheLengthsTheOtherWayRound) {
  for (const unsigned minor : {2U, 3U, 4U}) {
    Builder old(GetParam());
    old.pcap_header(test::kMicroMagic, 1, 65535, minor).u32(1).u32(2);
    minor == 4 ? old.u32(3).u32(60) : old.u32(60).u32(3);
    old.text("abc");
    const auto capture = read_capture(old.bytes());
    ASSERT_EQ(capture.packets.size(), 1u) << minor << capture.error.value_or("");
    EXPECT_EQ(test::text_of(capture.packets[0].data), "abc");
    EXPECT_EQ(capture.packets[0].original_length, 60u);
  }
}

TEST_P(PcapInOrder, AHostileLengthIsAnErrorAtItsOffset) {
  for (const std::uint32_t length : {100U, 0x10000000U, 0x10000001U, 0xffffffffU}) {
    Builder hostile(GetParam());
    hostile.pcap_header(test::kMicroMagic)
        .pcap_packet(1, 2, "good")
        .u32(1)
        .u32(3)
        .u32(length)
        .u32(length)
        .text("x");
    const auto capture = read_capture(hostile.bytes());
    EXPECT_EQ(capture.packets.size(), 1u);
    EXPECT_EQ(capture.error_offset, hostile.ends()[1]);
    EXPECT_THAT(capture.error.value_or(""), HasSubstr("1 packet before it is good"));
  }
}

TEST(Pcap, UnknownVersionsAndFilesAreRefused) {
  Builder file;
  file.u32(test::kMicroMagic).u16(3).u16(0).u64(0).u32(0).u32(1);
  EXPECT_THAT(read_capture(file.bytes()).error.value_or(""),
              HasSubstr("byte 4: pcap version 3.0 is not known"));
  EXPECT_THAT(read_capture(Bytes{}).error.value_or(""), HasSubstr("is empty"));
  EXPECT_THAT(read_capture(as_bytes("GIF89a is no capture")).error.value_or(""),
              HasSubstr("neither pcap nor pcapng (it begins with 0x47494638)"));
  EXPECT_THAT(read_capture(as_bytes("\xd4\xc3")).error.value_or(""), HasSubstr("only 2 bytes"));
}

TEST(Pcap, APacketCanBeParsedAgainFromItsBytes) {
  const Builder file = test::small_pcap(ByteOrder::big, test::kNanoMagic);
  Reader reader(memory_source(file.bytes()));
  std::vector<PacketView> seen;
  while (const PacketView* packet = reader.next_packet()) seen.push_back(*packet);
  const Bytes all(file.bytes());
  for (const auto& packet : seen) {
    const auto& again =
        reader.parse_again(all.subspan(packet.offset, packet.size), packet.interface, packet.offset);
    EXPECT_EQ(again.timestamp_ns, packet.timestamp_ns);
    EXPECT_EQ(again.original_length, packet.original_length);
    EXPECT_EQ(again.data.data(), all.data() + packet.offset + 16);
  }
  EXPECT_THROW(reader.parse_again(all.subspan(24, 17), 0, 24), FormatError);
  EXPECT_THROW(reader.parse_again(all.subspan(24, 3), 0, 24), FormatError);
  EXPECT_EQ(reader.counters().packets, 3u);
}

}  // namespace
}  // namespace pcapml
