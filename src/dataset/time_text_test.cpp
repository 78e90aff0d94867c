// SPDX-License-Identifier: Apache-2.0
#include "dataset/time_text.h"

#include <gtest/gtest.h>

#include <limits>

#include "pcapml/error.h"

namespace pcapml {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

std::int64_t start(std::string_view text) { return parse_time(text, TimeEdge::start); }
std::int64_t end(std::string_view text) { return parse_time(text, TimeEdge::end); }

TEST(ParseTime, AWholeSecondBelongsToTheWindowThatItEnds) {
  EXPECT_EQ(start("5"), 5 * kSecond);
  EXPECT_EQ(end("5"), 6 * kSecond - 1);
  EXPECT_EQ(end("1970-01-01T00:00:05Z"), 6 * kSecond - 1);
}

TEST(ParseTime, AFractionIsExact) {
  EXPECT_EQ(start("5.25"), 5 * kSecond + kSecond / 4);
  EXPECT_EQ(end("5.0"), 5 * kSecond);
  EXPECT_EQ(end("5.000000001"), 5 * kSecond + 1);
  EXPECT_EQ(start("2024-05-01T12:00:00.5Z"), 1714564800 * kSecond + kSecond / 2);
}

TEST(ParseTime, WhatIsFinerThanANanosecondNarrowsTheWindow) {
  EXPECT_EQ(start("5.0000000001"), 5 * kSecond + 1);
  EXPECT_EQ(end("5.0000000001"), 5 * kSecond);
  EXPECT_EQ(start("5.0000000000"), 5 * kSecond);
}

TEST(ParseTime, RefusesWhatIsNoTime) {
  for (const char* text : {"",
                           "-1",
                           "+1",
                           "1e9",
                           "1.",
                           ".5",
                           "1.5.5",
                           " 1",
                           "1 ",
                           "0x10",
                           "Z",
                           "2024-05-01",
                           "2024-05-01T12:00:00",
                           "2024-02-30T00:00:00Z",
                           "2024-13-01T00:00:00Z",
                           "2024-05-01T24:00:00Z",
                           "2024-05-01T12:60:00Z",
                           "2024-05-01T12:00:60Z",
                           "2024-05-01T12:00:00.Z",
                           "2024-05-01T12:00:00+00:00",
                           "1969-12-31T23:59:59Z",
                           "9223372036",
                           "99999999999999999999999",
                           "2262-04-12T00:00:00Z"})
    EXPECT_THROW(start(text), UsageError) << text;
}

TEST(TimeText, PrintsWhatItReads) {
  for (const char* text :
       {"1970-01-01T00:00:00Z", "2000-02-29T23:59:59.999999999Z", "2024-05-01T12:00:00.25Z"})
    EXPECT_EQ(utc_text(start(text)), text);
  EXPECT_EQ(seconds_text(start("1714564800.25")), "1714564800.250000000");
}

TEST(TimeText, KnowsTimesBefore1970) {
  EXPECT_EQ(seconds_text(-kSecond / 2), "-0.500000000");
  EXPECT_EQ(utc_text(-kSecond / 2), "1969-12-31T23:59:59.5Z");
  constexpr auto kFirst = std::numeric_limits<std::int64_t>::min();
  EXPECT_EQ(seconds_text(kFirst), "-9223372036.854775808");
  EXPECT_EQ(duration_text(kFirst, std::numeric_limits<std::int64_t>::max()), "18446744073.709551615");
}

}  // namespace
}  // namespace pcapml
