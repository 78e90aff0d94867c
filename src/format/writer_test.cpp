// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "build_capture.h"
#include "format/block.h"
#include "format/options.h"
#include "format/pcap_writer.h"
#include "format/pcapng_writer.h"
#include "io/output_stream.h"
#include "read_capture.h"

namespace pcapml {
namespace {

using test::Builder;
using test::Owned;
using test::read_capture;
using testing::HasSubstr;

template <class Write>
Owned written(Write write) {
  Owned bytes;
  OutputStream out(memory_sink(bytes));
  write(out);
  out.finish();
  return bytes;
}

TEST(PcapWriter, WritesWhatACanonicalFileHas) {
  for (const std::uint32_t magic : {test::kMicroMagic, test::kNanoMagic}) {
    Builder file;
    file.pcap_header(magic, 0x24000071, 96)
        .pcap_packet(1, 2, "abc")
        .pcap_packet(0xffffffff, 999'999, "", 1500);
    Reader reader(memory_source(file.bytes()));
    reader.next();
    reader.next();
    EXPECT_EQ(written([&](OutputStream& out) {
                PcapWriter writer(out, pcap_shape(reader.interfaces()[0]));
                while (const PacketView* packet = reader.next_packet())
                  writer.packet(packet->timestamp_ns, packet->original_length, packet->data);
              }),
              file.bytes());
  }
}

TEST(PcapWriter, ATimeThatDoesNotFitIsRefusedAndLeavesNothing) {
  const Owned bytes = written([](OutputStream& out) {
    PcapWriter writer(out, {});
    EXPECT_THROW(writer.packet(-1, 0, {}), DataError);
    EXPECT_THROW(writer.packet(4'294'967'296'000'000'000, 0, {}), DataError);
  });
  EXPECT_EQ(bytes.size(), 24u);
}

TEST(PcapWriter, MicrosecondFilesForgetNanoseconds) {
  const Owned bytes = written([](OutputStream& out) { PcapWriter(out, {}).packet(1'999'999'999, 0, {}); });
  EXPECT_EQ(read_capture(bytes).packets[0].timestamp_ns, 1'999'999'000);
}

/// One packet written with these options.
test::OwnedPacket with_options(ByteOrder order, PacketView packet, const PacketOptions& options) {
  const Owned bytes = written([&](OutputStream& out) {
    PcapngWriter writer(out);
    writer.section(order, {});
    writer.interface({});
    writer.packet(0, packet, options);
  });
  const auto capture = read_capture(bytes);
  EXPECT_FALSE(capture.error) << capture.error.value_or("");
  return capture.packets.at(0);
}

TEST(PcapngWriter, TheCommentStandsBetweenTheOtherOptions) {
  for (const ByteOrder order : {ByteOrder::little, ByteOrder::big}) {
    const Builder b(order);
    const Builder before = b.inner().option(2, b.inner().u32(1)), after = b.inner().comment("mine");
    EXPECT_EQ(with_options(order, {}, {before.bytes(), "1,web", after.bytes()}).options,
              b.inner().add(before).comment("1,web").add(after).bytes());
    EXPECT_EQ(with_options(order, {}, {before.bytes(), "", after.bytes()}).options,
              b.inner().add(before).add(after).bytes());
    EXPECT_TRUE(with_options(order, {}, {}).options.empty());
  }
}

TEST(PcapngWriter, DropsOfAnObsoleteBlockBecomeAnOptionWhereTheyAreKnown) {
  const auto options = [](std::uint16_t drops) {
    PacketView packet;
    packet.drop_count = drops;
    return with_options(ByteOrder::big, packet, {}).options;
  };
  const Builder b(ByteOrder::big);
  EXPECT_EQ(options(0), b.inner().option(4, b.inner().u64(0)).bytes());
  EXPECT_EQ(options(513), b.inner().option(4, b.inner().u64(513)).bytes());
  EXPECT_TRUE(options(PacketView::kDropsUnknown).empty());
}

TEST(PcapngWriter, AnOptionOfMoreThan65535BytesIsRefused) {
  const std::string longest(65535, 'x'), longer(65536, 'x');
  EXPECT_EQ(with_options(ByteOrder::little, {}, {{}, longest, {}}).options.size(), 4u + 65536);
  Owned bytes;
  OutputStream out(memory_sink(bytes));
  PcapngWriter writer(out);
  EXPECT_THROW(writer.packet(0, {}, {{}, longer, {}}), DataError);
  EXPECT_THROW(OptionList(ByteOrder::little).add(1, longer), DataError);
  EXPECT_EQ(out.position(), 0u);
}

TEST(PcapngWriter, SectionsAndInterfacesAreWhatAnotherHandWouldHaveWritten) {
  for (const ByteOrder order : {ByteOrder::little, ByteOrder::big}) {
    Builder file(order);
    const Builder options = file.inner().option(2, "eth0");
    file.section("hello").interface(276, 99, file.inner().add(options).end_of_options()).interface(1);
    file.enhanced(1, 0x123456789, "abcde", file.inner().comment("0,x").end_of_options());
    file.block(0x80000001, file.inner().text("body"));
    EXPECT_EQ(written([&](OutputStream& out) {
                PcapngWriter writer(out);
                writer.section(order, file.inner().comment("hello").bytes());
                Interface interface;
                interface.link_type = 276;
                interface.snap_length = 99;
                interface.options = options.bytes();
                writer.interface(interface);
                interface = {};
                interface.link_type = 1;
                writer.interface(interface);
                EXPECT_EQ(writer.interface_count(), 2u);
                PacketView packet;
                packet.ticks = 0x123456789;
                packet.data = as_bytes("abcde");
                packet.original_length = 5;
                writer.packet(1, packet, {{}, "0,x", {}});
                writer.block(0x80000001, as_bytes("body"));
              }),
              file.bytes());
  }
}

TEST(Options, ListsAreIteratedToTheirEndWhateverTheyHold) {
  const Builder b;
  const Builder list = b.inner().comment("a").comment("").option(0xffff, "12345");
  const OptionsView view(list.bytes(), ByteOrder::little);
  std::vector<std::string> seen;
  for (const Option& option : view) seen.emplace_back(option.text());
  EXPECT_EQ(seen, (std::vector<std::string>{"a", "", "12345"}));
  EXPECT_EQ(view.find(0xffff)->text(), "12345");
  EXPECT_FALSE(view.find(7));
  // Never checked, and wrong: the iteration must end all the same.
  for (std::size_t size = 0; size <= list.bytes().size(); ++size) {
    std::size_t count = 0;
    for ([[maybe_unused]] const Option& option : OptionsView(Bytes(list.bytes()).first(size), ByteOrder::big))
      ASSERT_LT(++count, 10u);
  }
}

}  // namespace
}  // namespace pcapml
