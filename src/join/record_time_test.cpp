// SPDX-License-Identifier: Apache-2.0
#include "join/record_time.h"

#include <gtest/gtest.h>

namespace pcapml {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000, kMinute = 60 * kSecond, kHour = 60 * kMinute;
constexpr std::int64_t kDay = 1'499'212'800 * kSecond;  // 2017-07-05

struct Case {
  const char* text;
  std::int64_t ns;
  std::int64_t unit_ns;
};

TEST(RecordTime, ReadsTheFormsThatTablesWrite) {
  for (const Case& c : {
           Case{"1499254925", 1'499'254'925 * kSecond, kSecond},
           Case{"1499254925.5", 1'499'254'925 * kSecond + 500'000'000, kSecond / 10},
           Case{"1499254925.123456789", 1'499'254'925 * kSecond + 123'456'789, 1},
           Case{"1499254925123", 1'499'254'925'123'000'000, 1'000'000},
           Case{"1499254925123.456", 1'499'254'925'123'456'000, 1'000},
           Case{"1499254925123456", 1'499'254'925'123'456'000, 1'000},
           Case{"1499254925123456789", 1'499'254'925'123'456'789, 1},
           Case{"2017-07-05T08:42:05Z", kDay + 8 * kHour + 42 * kMinute + 5 * kSecond, kSecond},
           Case{"2017-07-05 08:42:05.25", kDay + 8 * kHour + 42 * kMinute + 5 * kSecond + kSecond / 4,
                kSecond / 100},
           Case{"2017/07/05 08:42:05,5", kDay + 8 * kHour + 42 * kMinute + 5 * kSecond + kSecond / 2,
                kSecond / 10},
           Case{"2017-07-05T08:42:05+02:00", kDay + 6 * kHour + 42 * kMinute + 5 * kSecond, kSecond},
           Case{"2017-07-05T08:42:05-0330", kDay + 12 * kHour + 12 * kMinute + 5 * kSecond, kSecond},
           Case{"2017-07-05 08:42:05 UTC", kDay + 8 * kHour + 42 * kMinute + 5 * kSecond, kSecond},
           Case{"5/7/2017 8:42", kDay + 8 * kHour + 42 * kMinute, kMinute},
           Case{"05/07/2017 08:42:05 AM", kDay + 8 * kHour + 42 * kMinute + 5 * kSecond, kSecond},
           Case{"05/07/2017 08:42:05 PM", kDay + 20 * kHour + 42 * kMinute + 5 * kSecond, kSecond},
           Case{"5/7/2017 12:42 am", kDay + 42 * kMinute, kMinute},
           Case{"5/7/2017 12:42 p.m.", kDay + 12 * kHour + 42 * kMinute, kMinute},
           Case{"5.7.2017  8:42", kDay + 8 * kHour + 42 * kMinute, kMinute},
           Case{"2017-07-05 23:59:60", kDay + 24 * kHour, kSecond},
       }) {
    const auto read = parse_record_time(c.text);
    ASSERT_TRUE(read) << c.text;
    EXPECT_EQ(read->time.ns, c.ns) << c.text;
    EXPECT_EQ(read->unit_ns, c.unit_ns) << c.text;
  }
}

TEST(RecordTime, IsNotGuessedFromAnythingElse) {
  for (const char* text : {"",
                           " ",
                           "-1",
                           "+5",
                           "1e9",
                           "0x10",
                           "1.",
                           ".5",
                           "1.1234567890",
                           "99999999999999999999",
                           "9223372036854775807",
                           "nan",
                           "2017-07-05",
                           "2017-13-05 08:00",
                           "2017-02-29 08:00",
                           "31/31/2017 8:00",
                           "5/7/17 8:42",
                           "5/7/2017 24:00",
                           "5/7/2017 8:60",
                           "5/7/2017 8:42:61",
                           "5/7/2017 13:00 PM",
                           "5/7/2017 0:10 AM",
                           "5/7/2017 8:42 XM",
                           "5-7/2017 8:42",
                           "1969-12-31 23:59",
                           "2262-01-01 00:00",
                           "2017-07-05T08:42:05+25:00",
                           "2017-07-05T08:42:05+2",
                           "2017-07-05T08:42:05Zz",
                           "2017-07-05x08:42"})
    EXPECT_FALSE(parse_record_time(text)) << text;
}

TEST(RecordTime, OrderOfDayAndMonthIsDecidedByTheWholeTable) {
  TimeFacts open;
  open.add(*parse_record_time("3/4/2017 8:00"), 2);
  EXPECT_TRUE(open.day_order_is_open());
  TimeFacts by_day = open, by_month = open;
  by_day.add(*parse_record_time("13/4/2017 8:00"), 3);
  by_month.add(*parse_record_time("4/13/2017 8:00"), 4);
  EXPECT_FALSE(by_day.day_order_is_open());
  EXPECT_EQ(by_day.day_first_line(), 3U);
  EXPECT_EQ(by_month.month_first_line(), 4U);
}

TEST(RecordTime, TheOtherReadingIsTheOtherDateAndTheOtherHalfOfTheDay) {
  const RecordTime time = parse_record_time("3/4/2017 12:30")->time;
  EXPECT_EQ(read_clock(time, {}), parse_record_time("2017-04-03 12:30")->time.ns);
  EXPECT_EQ(read_clock(time, {true, false}), parse_record_time("2017-03-04 12:30")->time.ns);
  EXPECT_EQ(read_clock(time, {true, true}), parse_record_time("2017-03-04 00:30")->time.ns);
  EXPECT_EQ(read_clock(parse_record_time("3/13/2017 11:30")->time, {true, true}),
            parse_record_time("2017-03-13 11:30")->time.ns);
}

TEST(RecordTime, ZerosThatAllTimesEndInAreNoResolution) {
  TimeFacts facts;
  for (int i = 0; i < 60; ++i) {
    const std::string text =
        "2017-07-05 08:" + std::string(i < 10 ? "0" : "") + std::to_string(i) + ":00.000000";
    facts.add(*parse_record_time(text), 1);
    if (i == 0) {
      EXPECT_EQ(facts.resolution_ns(), 1'000);
    }
  }
  EXPECT_EQ(facts.resolution_ns(), kMinute);
  facts.add(*parse_record_time("2017-07-05 08:00:00.5"), 2);
  EXPECT_EQ(facts.resolution_ns(), 1'000'000);
}

}  // namespace
}  // namespace pcapml
