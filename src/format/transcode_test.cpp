// SPDX-License-Identifier: Apache-2.0
#include "format/transcode.h"

#include <gtest/gtest.h>

#include "build_capture.h"
#include "corpus.h"
#include "format/block.h"
#include "read_capture.h"

namespace pcapml {
namespace {

using test::Builder;
using test::other;

constexpr auto kLittle = ByteOrder::little;
constexpr auto kBig = ByteOrder::big;

BlockView view(std::uint32_t type, const Builder& body) { return {type, body.order(), body.bytes(), 0}; }

class Transcode : public testing::TestWithParam<ByteOrder> {
 protected:
  Builder from() const { return Builder(GetParam()); }
  Builder to() const { return Builder(other(GetParam())); }

  void expect_options(OptionScope scope, const Builder& options, const Builder& expected,
                      bool opaque = false) {
    const auto result = transcode_options({options.bytes(), GetParam()}, scope, other(GetParam()));
    EXPECT_EQ(result.bytes, expected.bytes());
    EXPECT_EQ(result.opaque, opaque);
  }
};
INSTANTIATE_TEST_SUITE_P(BothWays, Transcode, testing::Values(kLittle, kBig));

TEST_P(Transcode, EveryKindOfBlockIsWhatTheOtherOrderWouldHaveWritten) {
  auto here = test::other_blocks(GetParam());
  auto there = test::other_blocks(other(GetParam()));
  for (std::size_t i = 0; i < here.size(); ++i) {
    const Builder& body = here[i].body.pad();
    const Builder& expected = there[i].body.pad();
    const auto result = transcode_block(view(here[i].type, body), other(GetParam()), 0);
    EXPECT_EQ(result.bytes, expected.bytes()) << block_name(here[i].type) << " " << i;
    const bool unknown_type = here[i].type == 0x80000001;
    EXPECT_EQ(result.opaque, here[i].opaque) << block_name(here[i].type) << " " << i << unknown_type;
  }
}

TEST_P(Transcode, NumbersInOptionsOfInterfacesTurn) {
  const auto build = [](const Builder& b) {
    Builder list = b.inner();
    for (const unsigned code : {8U, 14U, 16U, 17U}) list.option(code, b.inner().u64(0x0102030405060708));
    for (const unsigned code : {10U, 19U}) list.option(code, b.inner().u32(0x01020304));
    return list.comment("hello")
        .option(2, "eth0")
        .option(4, "\x0a\1\2\3\xff\xff\xff")
        .option(6, "\1\2\3\4\5\6")
        .option(9, "\x09")
        .option(11, b.inner().u8(0).text("tcp port 80"))
        .option(13, "\4")
        .option(18, "Europe/Berlin");
  };
  expect_options(OptionScope::interface, build(from()), build(to()));
}

TEST_P(Transcode, NumbersInOptionsOfPacketsTurn) {
  Builder here = test::packet_options(GetParam()), there = test::packet_options(other(GetParam()));
  const auto cut = [](const Builder& b) { return Bytes(b.bytes()).first(b.bytes().size() - 4); };
  const auto result = transcode_options({cut(here), GetParam()}, OptionScope::packet, other(GetParam()));
  EXPECT_EQ(result.bytes, test::own(cut(there)));
  EXPECT_FALSE(result.opaque);
}

TEST_P(Transcode, TimesOfStatisticsAreTwoHalvesAndCountersAreWhole) {
  const auto build = [](const Builder& b) {
    Builder list = b.inner();
    list.option(2, b.inner().halves(0x0102030405060708)).option(3, b.inner().halves(0x1112131415161718));
    for (unsigned code = 4; code <= 8; ++code) list.option(code, b.inner().u64(code));
    return list;
  };
  expect_options(OptionScope::statistics, build(from()), build(to()));
}

TEST_P(Transcode, WhatNobodyKnowsStaysAndIsReported) {
  const auto option = [](const Builder& b, unsigned code, const Builder& value) {
    return b.inner().option(code, value);
  };
  const auto raw = Builder().text("\1\2\3\4\5\6\7\x08");
  for (const OptionScope scope :
       {OptionScope::section, OptionScope::interface, OptionScope::packet, OptionScope::name_resolution,
        OptionScope::statistics, OptionScope::secrets, OptionScope::other})
    expect_options(scope, option(from(), 0x8001, raw), option(to(), 0x8001, raw), true);
  // A length that does not fit the code.
  expect_options(OptionScope::packet, option(from(), 2, raw), option(to(), 2, raw), true);
  expect_options(OptionScope::packet, option(from(), 7, Builder().text("\1abc")),
                 option(to(), 7, Builder().text("\1abc")), true);
  expect_options(OptionScope::packet, option(from(), 7, Builder()), option(to(), 7, Builder()));
  expect_options(OptionScope::packet, option(from(), 7, Builder().text("\7abc")),
                 option(to(), 7, Builder().text("\7abc")), true);
  expect_options(OptionScope::packet, option(from(), 7, Builder().u8(0).text("hw")),
                 option(to(), 7, Builder().u8(0).text("hw")));
  expect_options(OptionScope::interface, option(from(), 11, Builder().text("\1\2\3")),
                 option(to(), 11, Builder().text("\1\2\3")), true);
  // Only the enterprise number of a custom option has an order for sure.
  const auto custom = [](const Builder& b, unsigned code) {
    return b.inner().option(code, b.inner().u32(4711).text("data"));
  };
  for (const unsigned code : {2989U, 19373U})
    expect_options(OptionScope::other, custom(from(), code), custom(to(), code), true);
  for (const unsigned code : {2988U, 19372U})
    expect_options(OptionScope::other, custom(from(), code), custom(to(), code), false);
}

TEST_P(Transcode, TheSameOrderChangesNothing) {
  for (const auto& block : test::other_blocks(GetParam())) {
    const auto result = transcode_block(view(block.type, block.body), GetParam(), 0);
    EXPECT_EQ(result.bytes, block.body.bytes());
    EXPECT_FALSE(result.opaque);
  }
  const Builder list = from().option(0x8001, "abc");
  EXPECT_EQ(transcode_options({list.bytes(), GetParam()}, OptionScope::other, GetParam()).bytes,
            list.bytes());
}

TEST_P(Transcode, InterfaceNumbersOfStatisticsGrow) {
  for (const ByteOrder order : {GetParam(), other(GetParam())}) {
    const auto build = [](const Builder& b, std::uint32_t id) {
      return b.inner().u32(id).halves(5).option(0x8001, "?");
    };
    auto result = transcode_block(view(5, build(from(), 2)), order, 40);
    EXPECT_EQ(result.bytes, build(Builder(order), 42).bytes());
    EXPECT_EQ(result.opaque, order != GetParam());
    result = transcode_block(view(5, build(from(), 0xfffffff0)), order, 40);
    EXPECT_EQ(result.bytes, build(Builder(order), 0xffffffff).bytes())
        << "must not wrap round to an interface";
  }
}

TEST_P(Transcode, AMalformedBlockStaysAsItIsAndIsReported) {
  const std::vector<std::pair<std::uint32_t, Builder>> malformed = {
      {4, from().u16(1).u16(200).text("short")},
      {4, from().u16(1)},
      {5, from().u32(0).u32(1)},
      {5, from().u32(0).halves(1).u16(4).u16(8).u32(1)},
      {10, from().u32(0x544c534b).u32(0xffffffff).text("no")},
      {10, from().u32(1)},
      {0xbad, from().u16(1)},
  };
  for (const auto& [type, body] : malformed) {
    const auto result = transcode_block(view(type, body), other(GetParam()), 7);
    EXPECT_EQ(result.bytes, body.bytes());
    EXPECT_TRUE(result.opaque);
  }
}

TEST_P(Transcode, AnInterfaceIsTheSameInTheOtherOrder) {
  Builder file(GetParam());
  file.section().interface(
      1, 9, file.inner().option(14, file.inner().u64(77)).option(0x9000, "?").end_of_options());
  const Interface here = test::read_capture(file.bytes()).interfaces.at(0);
  const auto there = transcode_interface(here, other(GetParam()));
  EXPECT_TRUE(there.opaque);
  EXPECT_EQ(there.interface.order, other(GetParam()));
  EXPECT_EQ(there.interface.offset_seconds, 77);
  EXPECT_EQ(there.interface.snap_length, 9u);
  EXPECT_EQ(there.interface.options, to().option(14, to().u64(77)).option(0x9000, "?").bytes());
}

TEST(TranscodeCorpus, EveryBlockOfTheSuiteComesBackFromTheOtherOrder) {
  const auto files = test::corpus_files("pcapng-suite", ".pcapng");
  PCAPML_NEED_CORPUS(files);
  const auto there_and_back = [](Bytes bytes, ByteOrder order, OptionScope scope) {
    const auto there = transcode_options({bytes, order}, scope, other(order));
    return transcode_options({there.bytes, other(order)}, scope, order).bytes == test::own(bytes);
  };
  for (const auto& path : files) {
    Reader reader = open_reader(path.string());
    while (const Record* record = reader.next()) {
      if (record->kind == Record::Kind::packet) {
        const auto& options = record->packet.options;
        EXPECT_TRUE(there_and_back(options.encoded(), options.order(), OptionScope::packet)) << path;
      } else if (record->kind == Record::Kind::block) {
        const auto there = transcode_block(record->block, other(record->block.order), 0);
        const BlockView back{record->block.type, other(record->block.order), there.bytes, 0};
        EXPECT_EQ(transcode_block(back, record->block.order, 0).bytes, test::own(record->block.body)) << path;
      }
    }
    for (const auto& interface : reader.interfaces())
      EXPECT_TRUE(there_and_back(interface.options, interface.order, OptionScope::interface)) << path;
    for (const auto& section : reader.sections())
      EXPECT_TRUE(there_and_back(section.options, section.order, OptionScope::section)) << path;
  }
}

}  // namespace
}  // namespace pcapml
