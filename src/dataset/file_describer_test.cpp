// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataset/summary_fixture.h"

namespace pcapml {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::IsEmpty;

class FileDescriberTest : public Summary {};

TEST_F(FileDescriberTest, TellsWhatTheFileSaysOfItself) {
  for (const ByteOrder order : {ByteOrder::little, ByteOrder::big}) {
    Builder file(order);
    const auto inner = [order] { return Builder(order); };
    file.block(0x0a0d0d0a, inner()
                               .u32(0x1a2b3c4d)
                               .u16(1)
                               .u16(0)
                               .u64(~std::uint64_t{0})
                               .comment("first")
                               .option(2, "Xeon")
                               .option(3, "Linux")
                               .option(4, "dumpcap")
                               .comment("second")
                               .end_of_options());
    file.interface(1, 96,
                   inner()
                       .option(2, "eth0")
                       .option(3, std::string_view("wired\0", 6))
                       .option(9, inner().u8(9))
                       .option(11, std::string_view("\0tcp", 4))
                       .option(12, "Linux 6.1")
                       .option(14, inner().u64(3600))
                       .comment("noisy")
                       .end_of_options());
    file.interface(65000, 0, inner().option(11, "\1abcd").end_of_options());
    file.block(4, inner()
                      .u16(1)
                      .u16(19)
                      .text(std::string_view("\x0a\0\0\1one\0one.example", 19))
                      .pad()
                      .u16(2)
                      .u16(20)
                      .text(std::string_view("\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1six\0", 20))
                      .u32(0));
    file.block(10, inner().u32(0x544c534b).u32(0));
    for (int i = 0; i < 2; ++i) file.block(0xbad, inner().u32(32622));
    file.enhanced(
        0, 1, udp(),
        inner().option(4, inner().u64(2)).comment("1,a").option(4, inner().u64(3)).end_of_options());
    file.block(5, inner().u32(0).u64(0).option(4, inner().u64(1)).end_of_options());
    file.block(5,
               inner().u32(0).u64(0).option(4, inner().u64(100)).option(5, inner().u64(0)).end_of_options());

    const SummaryResult result = of(file);
    EXPECT_THAT(result.report.warnings, IsEmpty());
    EXPECT_EQ(result.file.format, FileFormat::pcapng);
    EXPECT_EQ(result.file.size, file.bytes().size());
    const SectionDescription& section = result.file.sections.at(0);
    EXPECT_EQ(section.order, order);
    EXPECT_THAT(section.comments, ElementsAre("first", "second"));
    EXPECT_EQ(section.hardware + section.os + section.application, "XeonLinuxdumpcap");

    ASSERT_EQ(result.file.interfaces.size(), 2u);
    const InterfaceDescription& wired = result.file.interfaces[0];
    EXPECT_EQ(wired.link_type_name, "ethernet");
    EXPECT_EQ(wired.snap_length, 96u);
    EXPECT_EQ(wired.name, "eth0");
    EXPECT_EQ(wired.description, "wired");
    EXPECT_EQ(wired.filter, "tcp");
    EXPECT_EQ(wired.os, "Linux 6.1");
    EXPECT_EQ(wired.offset_seconds, 3600);
    EXPECT_EQ(wired.resolution, TimeResolution::nano());
    EXPECT_THAT(wired.comments, ElementsAre("noisy"));
    EXPECT_EQ(wired.packets, 1u);
    EXPECT_EQ(wired.received, 100u);
    EXPECT_EQ(wired.dropped_by_interface, 0u);
    EXPECT_EQ(wired.dropped_by_os, std::nullopt);
    EXPECT_EQ(wired.dropped_between_packets, 5u);
    const InterfaceDescription& other = result.file.interfaces[1];
    EXPECT_EQ(other.link_type_name, "65000");
    EXPECT_EQ(other.filter, "(4 bytes of bytecode)");
    EXPECT_EQ(other.received, std::nullopt);
    EXPECT_EQ(other.dropped_between_packets, std::nullopt);

    ASSERT_EQ(result.file.names.size(), 2u);
    EXPECT_EQ(result.file.names[0].address, "10.0.0.1");
    EXPECT_THAT(result.file.names[0].names, ElementsAre("one", "one.example"));
    EXPECT_EQ(result.file.names[1].address, "2001:db8::1");
    ASSERT_EQ(result.file.blocks.size(), 4u);
    EXPECT_EQ(result.file.blocks[2].name, "Custom Block of enterprise 32622");
    EXPECT_EQ(result.file.blocks[2].count, 2u);
  }
}

TEST_F(FileDescriberTest, StatisticsCountForTheInterfaceOfTheirOwnSection) {
  Builder file = begin();
  file.section(ByteOrder::big).interface(kRaw);
  file.block(5, file.inner().u32(0).u64(0).option(7, file.inner().u64(9)).end_of_options());
  const SummaryResult result = of(file);
  ASSERT_EQ(result.file.interfaces.size(), 2u);
  EXPECT_EQ(result.file.interfaces[0].dropped_by_os, std::nullopt);
  EXPECT_EQ(result.file.interfaces[1].dropped_by_os, 9u);
}

TEST_F(FileDescriberTest, ReportsThatCannotBeReadAreToldOf) {
  Builder file = begin();
  file.block(5, file.inner().u32(7).u64(0));                   // no such interface
  file.block(5, file.inner().u32(0));                          // too short
  file.block(5, file.inner().u32(0).u64(0).option(4, "odd"));  // a short count
  file.block(4, file.inner().u16(1).u16(2).u32(0));            // a short address
  file.block(4, file.inner().u16(1).u16(40000));               // a record past the end
  file.enhanced(0, 1, udp(), file.inner().option(4, "odd").end_of_options());
  const SummaryResult result = of(file);
  ASSERT_EQ(result.report.warnings.size(), 1u);
  EXPECT_EQ(result.report.warnings[0].substr(0, 8), "6 things");
  EXPECT_EQ(result.file.interfaces.at(0).received, std::nullopt);
}

TEST_F(FileDescriberTest, DropCountsOfObsoletePacketsCountUnlessUnknown) {
  Builder file = begin();
  file.obsolete(0, 0xffff, 1, udp());
  EXPECT_EQ(of(file).file.interfaces.at(0).dropped_between_packets, std::nullopt);
  file.obsolete(0, 3, 1, udp());
  EXPECT_EQ(of(file).file.interfaces.at(0).dropped_between_packets, 3u);
}

TEST_F(FileDescriberTest, AHostileFileDoesNotMakeTheDescriptionLong) {
  Builder file = begin();
  for (std::uint32_t i = 0; i < 5000; ++i) {
    file.block(0x1000 + i, file.inner());
    file.block(4, file.inner().u16(1).u16(4).u32(i).u32(0));
    file.section();
  }
  const SummaryResult result = of(file);
  EXPECT_LE(result.file.blocks.size(), 100u);
  EXPECT_LE(result.file.names.size(), 1000u);
  EXPECT_LE(result.file.sections.size(), 1000u);
  EXPECT_EQ(result.file.section_count, 5001u);
  EXPECT_EQ(result.file.name_count, 5000u);
  std::uint64_t blocks = 0;
  for (const auto& block : result.file.blocks) blocks += block.count;
  EXPECT_EQ(blocks, 10000u);
}

}  // namespace
}  // namespace pcapml
