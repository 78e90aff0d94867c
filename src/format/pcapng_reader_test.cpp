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
using test::text_of;
using testing::HasSubstr;

class PcapngInOrder : public testing::TestWithParam<ByteOrder> {
 protected:
  /// An interface with these options.
  test::Capture with_interface(const Builder& options, std::uint64_t ticks = 0) {
    Builder one(GetParam());
    one.section().interface(1, 0, options).enhanced(0, ticks, "x");
    return read_capture(one.bytes());
  }
  Builder file{GetParam()};
};
INSTANTIATE_TEST_SUITE_P(BothOrders, PcapngInOrder, testing::Values(ByteOrder::little, ByteOrder::big));

TEST_P(PcapngInOrder, EveryBlockIsDeliveredInFileOrder) {
  file = test::small_pcapng(GetParam());
  const auto capture = read_capture(file.bytes());
  ASSERT_FALSE(capture.error) << *capture.error;
  EXPECT_EQ(capture.kinds.size(), file.ends().size());
  EXPECT_EQ(capture.sections.size(), 2u);
  EXPECT_EQ(capture.interfaces.size(), 4u);
  EXPECT_EQ(capture.packets.size(), 8u);
  EXPECT_EQ(capture.blocks.size(), 2 * test::other_blocks(GetParam()).size());
  EXPECT_EQ(capture.counters.packets, 8u);
  EXPECT_EQ(capture.counters.simple_packets, 2u);
  EXPECT_EQ(capture.counters.obsolete_packets, 2u);
  EXPECT_EQ(capture.sections[0].order, GetParam());
  EXPECT_EQ(capture.sections[1].order, test::other(GetParam()));
  EXPECT_EQ(capture.sections[1].options_view().find(kComment)->text(), "a section");
  EXPECT_EQ(capture.packets[7].interface, 3u);
  EXPECT_EQ(capture.packets[7].interface_id, 1u);
  EXPECT_EQ(capture.packets[0].timestamp_ns, 1'700'000'010'000'000'000) << "if_tsoffset is 10 s";
  EXPECT_EQ(capture.packets[4].timestamp_ns, 1'700'000'010'000'000'000);
}

TEST_P(PcapngInOrder, AnInterfaceKeepsAllThatItSays) {
  const Builder options = file.inner()
                              .option(2, "eth0")
                              .option(9, "\x83")
                              .option(9, "\x09")
                              .option(13, "\x20")
                              .option(14, file.inner().u64(static_cast<std::uint64_t>(-5)))
                              .option(999, "unknown")
                              .option(2, "again")
                              .end_of_options();
  file.section().interface(276, 1500, options).enhanced(0, 8 * 100 + 1, "x");
  const auto capture = read_capture(file.bytes());
  ASSERT_EQ(capture.packets.size(), 1u) << capture.error.value_or("");
  const Interface& interface = capture.interfaces[0];
  EXPECT_EQ(interface.link_type, 276);
  EXPECT_EQ(interface.snap_length, 1500u);
  EXPECT_EQ(interface.resolution, TimeResolution(0x83)) << "the first of two counts";
  EXPECT_EQ(interface.fcs_bits, 32);
  EXPECT_EQ(interface.offset_seconds, -5);
  EXPECT_EQ(capture.packets[0].timestamp_ns, 95'125'000'000);
  std::vector<std::string> names;
  for (const Option& option : interface.options_view()) names.emplace_back(option.text());
  EXPECT_EQ(names.size(), 7u);
  EXPECT_EQ(names[5], "unknown");
  EXPECT_EQ(names[6], "again");
}

TEST_P(PcapngInOrder, TheNanosecondOffsetCounts) {
  const auto capture = with_interface(file.inner().option(19, file.inner().u32(0xffffffff)), 7);
  EXPECT_EQ(capture.packets[0].timestamp_ns, 6999);
}

TEST_P(PcapngInOrder, AnInterfaceWhoseTimesCannotBeKnownIsRefused) {
  EXPECT_THAT(with_interface(file.inner().option(9, "")).error.value_or(""),
              HasSubstr("byte 28: this Interface Description Block has option 9 with 0 bytes instead of 1"));
  EXPECT_TRUE(with_interface(file.inner().option(14, "1234")).error);
  EXPECT_TRUE(with_interface(file.inner().option(14, "123456789")).error);
  EXPECT_FALSE(with_interface(file.inner().option(13, "")).error) << "no time depends on the checksum length";
}

TEST_P(PcapngInOrder, TimesBeyond2262AreErrors) {
  Builder picoseconds = file.inner();
  EXPECT_THAT(with_interface(picoseconds, ~std::uint64_t{0}).error.value_or(""),
              HasSubstr("beyond the year 2262"));
  EXPECT_FALSE(with_interface(picoseconds.option(9, "\x0c"), ~std::uint64_t{0}).error);
}

TEST_P(PcapngInOrder, OptionsOfAPacketAreKeptByteForByte) {
  const Builder options = test::packet_options(GetParam());
  file.section().interface().enhanced(0, 1, "abcde", options);
  const auto capture = read_capture(file.bytes());
  ASSERT_EQ(capture.packets.size(), 1u);
  test::Owned expected = options.bytes();
  expected.resize(expected.size() - 4);
  EXPECT_EQ(capture.packets[0].options, expected);
}

TEST_P(PcapngInOrder, AnOptionListMayEndWithoutItsMark) {
  file.section().interface().enhanced(0, 1, "abc", file.inner().comment("one").comment("two"));
  file.enhanced(0, 1, "abc", file.inner().comment("one").end_of_options().text("junk after the mark."));
  const auto capture = read_capture(file.bytes());
  ASSERT_EQ(capture.packets.size(), 2u);
  EXPECT_EQ(capture.packets[0].options, file.inner().comment("one").comment("two").bytes());
  EXPECT_EQ(capture.packets[1].options, file.inner().comment("one").bytes());
}

TEST_P(PcapngInOrder, AnOptionThatRunsPastItsBlockIsAnError) {
  file.section()
      .interface()
      .enhanced(0, 1, "good")
      .enhanced(0, 1, "abc", file.inner().u16(1).u16(9).text("1234"));
  const auto capture = read_capture(file.bytes());
  EXPECT_EQ(capture.packets.size(), 1u);
  EXPECT_THAT(capture.error.value_or(""), HasSubstr("has an option that runs past its end"));
  EXPECT_EQ(capture.error_offset, file.ends()[2]);
}

TEST_P(PcapngInOrder, ASimplePacketIsCutAtTheSnapLengthOfTheFirstInterface) {
  file.section().interface(101, 4).interface(1, 2).simple(5, "short").simple(3, "abc");
  file.section().interface(1, 0).simple(7, "7 bytes");
  const auto capture = read_capture(file.bytes());
  ASSERT_EQ(capture.packets.size(), 3u) << capture.error.value_or("");
  EXPECT_EQ(text_of(capture.packets[0].data), "shor");
  EXPECT_EQ(capture.packets[0].original_length, 5u);
  EXPECT_FALSE(capture.packets[0].has_timestamp);
  EXPECT_EQ(capture.packets[0].timestamp_ns, 0);
  EXPECT_EQ(text_of(capture.packets[1].data), "abc");
  EXPECT_EQ(capture.packets[2].interface, 2u);
  EXPECT_EQ(text_of(capture.packets[2].data), "7 bytes");
}

TEST_P(PcapngInOrder, ASimplePacketHasTheTimeThatItsTickReadsAsOnceItIsWritten) {
  for (const std::uint64_t offset : {std::uint64_t{0}, std::uint64_t{10}, ~std::uint64_t{0}}) {
    Builder one(GetParam());
    one.section()
        .interface(1, 0, one.inner().option(14, one.inner().u64(offset)))
        .simple(1, "s")
        .enhanced(0, 0, "e");
    const auto capture = read_capture(one.bytes());
    ASSERT_EQ(capture.packets.size(), 2u);
    EXPECT_EQ(capture.packets[0].ticks, 0u);
    EXPECT_EQ(capture.packets[0].timestamp_ns, capture.packets[1].timestamp_ns);
  }
}

TEST_P(PcapngInOrder, AnObsoletePacketTellsItsDropsApartFromNotKnowing) {
  file.section().interface().interface();
  file.obsolete(1, 0, 1, "none")
      .obsolete(1, 7, 2, "seven")
      .obsolete(0, 0xffff, 3, "unknown")
      .enhanced(0, 4, "x");
  const auto capture = read_capture(file.bytes());
  ASSERT_EQ(capture.packets.size(), 4u);
  EXPECT_EQ(capture.packets[0].drop_count, 0);
  EXPECT_EQ(capture.packets[1].drop_count, 7);
  EXPECT_EQ(capture.packets[1].interface, 1u);
  EXPECT_EQ(capture.packets[1].timestamp_ns, 2000);
  EXPECT_EQ(capture.packets[2].drop_count, PacketView::kDropsUnknown);
  EXPECT_EQ(capture.packets[3].drop_count, PacketView::kDropsUnknown);
}

TEST_P(PcapngInOrder, MinorVersionsReadAndOthersDoNot) {
  for (const unsigned minor : {0U, 2U}) {
    Builder any(GetParam());
    any.block(kSectionHeader, any.inner().u32(kByteOrderMagic).u16(1).u16(minor).u64(40));
    EXPECT_FALSE(read_capture(any.bytes()).error);
  }
  file.block(kSectionHeader, file.inner().u32(kByteOrderMagic).u16(2).u16(0).u64(0));
  EXPECT_THAT(read_capture(file.bytes()).error.value_or(""), HasSubstr("version 2.0"));
}

TEST_P(PcapngInOrder, InterfacesOfOtherSectionsAreNotThisSections) {
  file.section().interface().enhanced(0, 1, "good").section().enhanced(0, 1, "none here");
  const auto capture = read_capture(file.bytes());
  EXPECT_EQ(capture.packets.size(), 1u);
  EXPECT_THAT(capture.error.value_or(""), HasSubstr("names interface 0, but 0 are described before it"));
}

TEST_P(PcapngInOrder, HostileBlocksAreErrorsAtTheirOffset) {
  const auto after_good = [&](auto&& damage, const char* expected) {
    Builder hostile(GetParam());
    hostile.section().interface().enhanced(0, 1, "good");
    const std::size_t offset = hostile.bytes().size();
    damage(hostile);
    const auto capture = read_capture(hostile.bytes());
    EXPECT_EQ(capture.packets.size(), 1u) << expected;
    EXPECT_EQ(capture.error_offset, offset) << expected;
    EXPECT_THAT(capture.error.value_or(""), HasSubstr(expected));
    EXPECT_THAT(capture.error.value_or(""), HasSubstr("1 packet before it is good"));
  };
  after_good([](Builder& f) { f.u32(99).u32(0).u32(0); }, "claims a length of 0 bytes");
  after_good([](Builder& f) { f.u32(99).u32(13).u32(0).u32(0); }, "claims a length of 13 bytes");
  after_good([](Builder& f) { f.u32(6).u32(0xfffffffc).text("end of file!"); },
             "claims a length of 4294967292");
  after_good([](Builder& f) { f.u32(6).u32(0x10000000).text("end of file!"); }, "(20 of 268435456 bytes)");
  after_good([](Builder& f) { f.u32(99).u32(16).u32(1).u32(12); },
             "two lengths of this block of type 0x00000063 differ");
  after_good([](Builder& f) { f.block(6, f.inner().u32(0).u64(0).u32(0xffffffff).u32(1)); },
             "claims 4294967295");
  after_good([](Builder& f) { f.block(6, f.inner().u32(0)); }, "more than it holds");
  after_good([](Builder& f) { f.block(6, f.inner().u32(7).u64(0).u32(0).u32(0)); }, "names interface 7");
  after_good([](Builder& f) { f.simple(100, "only these"); }, "claims 100 captured bytes");
  after_good([](Builder& f) { f.block(1, f.inner().u32(0)); }, "Interface Description Block is too short");
  after_good([](Builder& f) { f.u32(kSectionHeader).u32(28).u32(0x12345678).u32(28); },
             "lacks the byte-order magic");
  after_good([](Builder& f) { f.block(kSectionHeader, f.inner().u32(kByteOrderMagic)); }, "is too short");
}

TEST(Pcapng, ASectionMayChangeTheByteOrder) {
  Builder file;
  file.section(ByteOrder::little)
      .interface()
      .enhanced(0, 1, "one")
      .section(ByteOrder::big)
      .interface(101)
      .enhanced(0, 2, "two");
  const auto capture = read_capture(file.bytes());
  ASSERT_EQ(capture.packets.size(), 2u) << capture.error.value_or("");
  EXPECT_EQ(capture.packets[1].timestamp_ns, 2000);
  EXPECT_EQ(capture.interfaces[1].link_type, 101);
}

TEST(Pcapng, EndlessInterfacesAreRefusedBeforeTheyFillTheMemory) {
  /// A file that never ends, as a compressed one may.
  class Endless final : public Source {
   public:
    Endless() : bytes_(Builder().section().bytes()) {
      Builder many;
      for (int i = 0; i < 10'000; ++i) many.interface();
      many_ = many.bytes();
    }
    std::size_t read(std::span<std::byte> into) override {
      if (at_ == bytes_.size()) {
        bytes_ = many_;
        at_ = 0;
      }
      const std::size_t n = std::min(into.size(), bytes_.size() - at_);
      std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(at_), n, into.begin());
      at_ += n;
      return n;
    }
    const std::string& name() const override { return name_; }
    std::uint64_t position() const override { return 0; }

   private:
    std::vector<std::byte> bytes_, many_;
    std::size_t at_ = 0;
    std::string name_ = "endless";
  };
  Reader reader(std::make_unique<Endless>());
  EXPECT_THROW(reader.next_packet(), FormatError);
  EXPECT_LT(reader.interfaces().size(), 10'000'000u);
}

TEST(Pcapng, APacketCanBeParsedAgainFromItsBytes) {
  const Builder file = test::small_pcapng(ByteOrder::big);
  Reader reader(memory_source(file.bytes()));
  std::vector<PacketView> seen;
  while (const PacketView* packet = reader.next_packet()) seen.push_back(*packet);
  const Bytes all(file.bytes());
  ASSERT_EQ(seen.size(), 8u);
  for (const auto& packet : seen) {
    const Bytes bytes = all.subspan(packet.offset, packet.size);
    const auto& again = reader.parse_again(bytes, packet.interface, packet.offset);
    EXPECT_EQ(again.timestamp_ns, packet.timestamp_ns);
    EXPECT_EQ(again.interface_id, packet.interface_id);
    EXPECT_EQ(again.drop_count, packet.drop_count);
    EXPECT_EQ(again.data.size(), packet.data.size());
    EXPECT_EQ(again.options.encoded().size(), packet.options.encoded().size());
    EXPECT_THROW(reader.parse_again(bytes.first(bytes.size() - 4), packet.interface, packet.offset),
                 FormatError);
    EXPECT_THROW(reader.parse_again(all.subspan(packet.offset - 4, packet.size), packet.interface, 0),
                 FormatError);
    if (packet.has_timestamp) {
      EXPECT_THROW(reader.parse_again(bytes, packet.interface ^ 1, packet.offset), FormatError);
    }
  }
  EXPECT_EQ(reader.counters().packets, 8u);
}

}  // namespace
}  // namespace pcapml
