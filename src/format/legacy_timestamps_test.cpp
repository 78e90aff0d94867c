// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "build_capture.h"
#include "corpus.h"
#include "read_capture.h"

namespace pcapml {
namespace {

using test::Builder;
using test::read_capture;
using testing::HasSubstr;

/// Seconds and microseconds in the two halves, as earlier versions wrote them.
constexpr std::uint64_t split(std::uint64_t seconds, std::uint64_t micro) { return seconds << 32 | micro; }
constexpr std::uint64_t kRight = 1'600'000'000'000'123;

TEST(LegacyTimestamps, AreDetectedAndPutRight) {
  for (const ByteOrder order : {ByteOrder::little, ByteOrder::big}) {
    Builder file(order);
    file.section()
        .interface()
        .enhanced(0, split(1'600'000'000, 123), "a")
        .enhanced(0, split(1'600'000'001, 999'999), "b");
    const auto capture = read_capture(file.bytes());
    ASSERT_EQ(capture.packets.size(), 2u) << capture.error.value_or("");
    EXPECT_EQ(capture.packets[0].ticks, kRight) << "what a writer writes is right, too";
    EXPECT_EQ(capture.packets[0].timestamp_ns, 1'600'000'000'000'123'000);
    EXPECT_EQ(capture.packets[1].timestamp_ns, 1'600'000'001'999'999'000);
    EXPECT_EQ(capture.counters.legacy_sections, 1u);
  }
}

TEST(LegacyTimestamps, RightOnesStay) {
  Builder file;
  file.section().interface().enhanced(0, kRight, "a");
  const auto capture = read_capture(file.bytes());
  EXPECT_EQ(capture.packets[0].ticks, kRight);
  EXPECT_EQ(capture.counters.legacy_sections, 0u);
}

TEST(LegacyTimestamps, PacketsAtTimeZeroDecideNothing) {
  Builder file;
  file.section()
      .interface()
      .simple(1, "s")
      .enhanced(0, 0, "z")
      .enhanced(0, split(1'600'000'000, 123), "a")
      .enhanced(0, 0, "z");
  const auto capture = read_capture(file.bytes());
  ASSERT_EQ(capture.packets.size(), 4u) << capture.error.value_or("");
  EXPECT_EQ(capture.packets[2].ticks, kRight);
  EXPECT_EQ(capture.packets[3].timestamp_ns, 0);
}

TEST(LegacyTimestamps, AreJudgedSectionBySection) {
  Builder file;
  file.section()
      .interface()
      .enhanced(0, kRight, "right")
      .section()
      .interface()
      .enhanced(0, split(1'600'000'000, 123), "split");
  file.section().interface().enhanced(0, split(1'600'000'000, 123), "split");
  const auto capture = read_capture(file.bytes());
  ASSERT_EQ(capture.packets.size(), 3u) << capture.error.value_or("");
  for (const auto& packet : capture.packets) EXPECT_EQ(packet.ticks, kRight);
  EXPECT_EQ(capture.counters.legacy_sections, 2u);
}

TEST(LegacyTimestamps, ALaterPacketThatDoesNotFitIsAnErrorAtItsOffset) {
  const Builder nano = Builder().option(9, "\x09");
  for (const int misfit : {0, 1, 2}) {
    Builder file;
    file.section().interface().interface(1, 0, nano).enhanced(0, split(1'600'000'000, 123), "fits");
    const std::size_t offset = file.bytes().size();
    if (misfit == 0) file.enhanced(0, split(1'600'000'001, 1'000'000), "a million microseconds");
    if (misfit == 1) file.enhanced(0, kRight, "a right one");
    if (misfit == 2) file.enhanced(1, split(1'600'000'001, 5), "of an interface that never was split");
    const auto capture = read_capture(file.bytes());
    EXPECT_EQ(capture.packets.size(), 1u);
    EXPECT_EQ(capture.error_offset, offset);
    EXPECT_THAT(capture.error.value_or(""), HasSubstr("--legacy-timestamps no"));
  }
}

TEST(LegacyTimestamps, ASectionThatBeganRightStaysSo) {
  Builder file;
  file.section()
      .interface()
      .enhanced(0, kRight, "right")
      .enhanced(0, split(1'600'000'000, 123), "year 217,000");
  EXPECT_THAT(read_capture(file.bytes()).error.value_or(""), HasSubstr("beyond the year 2262"));
}

TEST(LegacyTimestamps, OtherResolutionsAndOffsetsAreNeverSplit) {
  for (const Builder& options :
       {Builder().option(9, "\x09"), Builder().option(14, Builder().u64(1)), Builder().option(9, "\xa0")}) {
    Builder file;
    file.section().interface(1, 0, options).enhanced(0, split(0x10000001, 5), "x");
    EXPECT_EQ(read_capture(file.bytes()).counters.legacy_sections, 0u);
  }
}

TEST(LegacyTimestamps, CanBeForcedAndForbidden) {
  Builder file;  // seconds before 1978 do not show
  file.section().interface().enhanced(0, split(1000, 5), "x");
  auto capture = read_capture(file.bytes(), {.legacy_timestamps = LegacyTimestamps::yes});
  EXPECT_EQ(capture.packets[0].timestamp_ns, 1'000'000'005'000);
  EXPECT_EQ(capture.counters.legacy_sections, 1u);
  capture = read_capture(file.bytes());
  EXPECT_EQ(capture.packets[0].ticks, split(1000, 5));
  EXPECT_EQ(capture.counters.legacy_sections, 0u);

  Builder modern;
  modern.section().interface().enhanced(0, split(1'600'000'000, 5), "x");
  EXPECT_TRUE(read_capture(modern.bytes(), {.legacy_timestamps = LegacyTimestamps::no}).error);
}

TEST(LegacyTimestamps, DatasetsOfEarlierVersionsHaveTimesOfTheirDays) {
  const auto files = test::corpus_files("pcapml-legacy", ".pcapng");
  PCAPML_NEED_CORPUS(files);
  for (const auto& path : files) {
    const auto capture = read_capture(open_source(path.string()));
    EXPECT_FALSE(capture.error) << capture.error.value_or("");
    ASSERT_FALSE(capture.packets.empty()) << path;
    for (const auto& packet : capture.packets) {
      if (packet.timestamp_ns == 0) continue;
      ASSERT_GT(packet.timestamp_ns, 1'262'304'000'000'000'000) << path;  // 2010
      ASSERT_LT(packet.timestamp_ns, 1'893'456'000'000'000'000) << path;  // 2030
    }
  }
}

}  // namespace
}  // namespace pcapml
