// SPDX-License-Identifier: Apache-2.0
#include "format/process_block.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "build_capture.h"
#include "format/store.h"
#include "pcapml/cursor.h"

namespace pcapml {
namespace {

using test::Builder;

ProcessInfo curl() {
  ProcessInfo info;
  info.pid = 1234;
  info.name = "curl";
  info.path = "/usr/bin/curl";
  info.command_line = std::string("curl\0https://example.com/", 25);
  info.parent = 1;
  info.uid = 1000;
  info.user = "alice";
  for (int i = 0; i < 16; ++i) info.uuid.push_back(static_cast<std::byte>(i));
  info.start_time_ns = 1'767'225'600'000'000'000;
  info.cgroup = "/system.slice/a,b 100%.service";
  info.build_id = "000102030405060708090a0b0c0d0e0f10111213";
  return info;
}

bool operator==(const ProcessInfo& a, const ProcessInfo& b) {
  return a.pid == b.pid && a.name == b.name && a.path == b.path && a.command_line == b.command_line &&
         a.parent == b.parent && a.uid == b.uid && a.user == b.user && a.uuid == b.uuid &&
         a.start_time_ns == b.start_time_ns && a.cgroup == b.cgroup && a.build_id == b.build_id;
}

/// The enterprise number, then what is little-endian in every section.
std::vector<std::byte> block(ByteOrder section, const Builder& rest) {
  std::vector<std::byte> body = Builder(section).u32(32622).bytes();
  const std::vector<std::byte> tail = rest.bytes();
  body.resize(4 + tail.size());  // GCC 12 takes an insertion for an overflow
  std::copy(tail.begin(), tail.end(), body.begin() + 4);
  return body;
}
Builder entry(const Builder& content, unsigned type = 3) {
  return Builder().u32(type).u32(content.bytes().size()).add(content);
}

// The layout was compared with wiretap/pcapng-wireshark-custom.c of Wireshark's commit 0f233b0ea354.
TEST(ProcessBlock, HasTheBytesThatWiresharkReads) {
  const Builder b;
  const Builder content =
      b.inner()
          .u32(1234)
          .option(2, "curl")
          .option(3, "/usr/bin/curl")
          .option(4, std::string_view("curl\0https://example.com/", 25))
          .option(5, b.inner().u32(1))
          .option(6, b.inner().u32(1000))
          .option(7, "alice")
          .option(8, std::string_view("\0\1\2\3\4\5\6\7\x8\x9\xa\xb\xc\xd\xe\xf", 16))
          .option(9, b.inner().u64(1'767'225'600'000'000'000))
          .comment(
              "cgroup=/system.slice/a%2Cb 100%25.service,build_id=000102030405060708090a0b0c0d0e0f10111213")
          .end_of_options();
  for (const ByteOrder order : {ByteOrder::little, ByteOrder::big})
    EXPECT_EQ(process_block_body(curl(), order), block(order, entry(content)));
}

TEST(ProcessBlock, OfAnUnknownProcessHoldsItsNumberAlone) {
  ProcessInfo info;
  info.pid = 4321;
  EXPECT_EQ(process_block_body(info, ByteOrder::little),
            block(ByteOrder::little, entry(Builder().u32(4321))));
}

TEST(ProcessBlock, IsReadAsItWasWritten) {
  for (const ByteOrder order : {ByteOrder::little, ByteOrder::big}) {
    for (const ProcessInfo& info : {curl(), ProcessInfo{}}) {
      const auto body = process_block_body(info, order);
      const auto read = parse_process_block(body, order);
      ASSERT_TRUE(read.has_value());
      EXPECT_TRUE(*read == info);
      EXPECT_FALSE(parse_process_block(body, test::other(order)).has_value());
    }
  }
}

TEST(ProcessBlock, CutsWhatAnOptionCannotHold) {
  ProcessInfo info = curl();
  info.command_line.assign(70000, 'x');
  info.cgroup.assign(70000, 'y');
  const auto read = parse_process_block(process_block_body(info, ByteOrder::big), ByteOrder::big);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->command_line.size(), 65535U);
  EXPECT_EQ(read->cgroup.size(), 65535U - 7);
  EXPECT_EQ(read->build_id, "");
}

TEST(ProcessBlock, IgnoresWhatItDoesNotKnow) {
  const Builder b;
  const Builder content = b.inner().u32(7).option(99, "?").comment("by hand, cgroup=x").option(2, "sshd");
  // Options of the Custom Block itself are in the section's byte order.
  const Builder outside = Builder(ByteOrder::big).comment("of the block").end_of_options();
  const auto body = block(ByteOrder::big, entry(content).add(outside));
  const auto read = parse_process_block(body, ByteOrder::big);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->pid, 7U);
  EXPECT_EQ(read->name, "sshd");
  EXPECT_EQ(read->cgroup, "");
}

TEST(ProcessBlock, RefusesOtherAndDamagedBlocks) {
  const Builder b;
  const auto read = [](const Builder& rest) {
    return parse_process_block(block(ByteOrder::little, rest), ByteOrder::little).has_value();
  };
  EXPECT_TRUE(read(entry(b.inner().u32(7))));
  EXPECT_FALSE(read(entry(b.inner().u32(7), 99)));
  EXPECT_FALSE(read(entry(b.inner().u16(7))));
  EXPECT_FALSE(read(b.inner().u32(3).u32(8).u32(7)));
  EXPECT_FALSE(read(b.inner().u32(3).u32(0xffffffff).u32(7)));
  EXPECT_FALSE(read(entry(b.inner().u32(7).option(5, "12345"))));
  EXPECT_FALSE(read(entry(b.inner().u32(7).option(8, "short"))));
  EXPECT_FALSE(read(entry(b.inner().u32(7).option(9, "1234"))));
  EXPECT_FALSE(read(entry(b.inner().u32(7).u16(2).u16(100).text("curl"))));
  EXPECT_FALSE(
      parse_process_block(b.inner().u32(10949).add(entry(b.inner().u32(7))).bytes(), ByteOrder::little));
}

TEST(ProcessBlock, EveryPrefixIsRefused) {
  const auto body = process_block_body(curl(), ByteOrder::little);
  for (std::size_t n = 0; n < body.size(); ++n)
    EXPECT_FALSE(parse_process_block(Bytes(body).first(n), ByteOrder::little).has_value()) << n;
}

TEST(ProcessBlock, EveryChangedByteIsReadOrRefused) {
  auto body = process_block_body(curl(), ByteOrder::little);
  for (std::size_t n = 0; n < body.size(); ++n) {
    for (const unsigned value : {0x00U, 0x01U, 0x25U, 0x7fU, 0xffU}) {
      const std::byte before = body[n];
      body[n] = static_cast<std::byte>(value);
      parse_process_block(body, ByteOrder::little);
      body[n] = before;
    }
  }
}

}  // namespace
}  // namespace pcapml
