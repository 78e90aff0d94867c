// SPDX-License-Identifier: Apache-2.0
#include "join/time_zone.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

#include "join/posix_zone.h"
#include "pcapml/error.h"

namespace pcapml {
namespace {

constexpr std::int64_t kNsPerSecond = 1'000'000'000;

TEST(TimeZone, ReadsOffsetsAsTheyAreWritten) {
  for (const auto& [text, seconds] :
       {std::pair("UTC", 0), {"+02:00", 7200}, {"-0330", -12600}, {"+14", 50400}, {"-00:15", -900}})
    EXPECT_EQ(TimeZone::parse(text).to_utc(0), -seconds * kNsPerSecond) << text;
  for (const char* text :
       {"", "2", "+2", "+25:00", "+02:60", "+2:00", "a/../b", "/etc/passwd", "No/Such_Zone"})
    EXPECT_THROW(TimeZone::parse(text), UsageError) << text;
}

TEST(TimeZone, AgreesWithTheCLibraryInEveryMonth) {
  for (const char* name : {"Europe/Berlin", "America/Halifax", "Australia/Lord_Howe", "Asia/Kathmandu",
                           "America/Sao_Paulo", "Europe/Dublin"}) {
    const TimeZone zone = TimeZone::parse(name);
    ASSERT_EQ(::setenv("TZ", name, 1), 0);
    ::tzset();
    for (std::int64_t at = 86'400 * 15; at < 4'000'000'000; at += 86'400 * 29 + 4'321) {
      const auto utc = static_cast<std::time_t>(at);
      std::tm wall{};
      ::localtime_r(&utc, &wall);
      const std::int64_t local = at + wall.tm_gmtoff;
      std::tm again = wall;
      if (::mktime(&again) != utc) continue;  // an hour that comes twice
      ASSERT_EQ(zone.to_utc(local * kNsPerSecond), at * kNsPerSecond) << name << " " << at;
    }
    ::unsetenv("TZ");
  }
}

TEST(TimeZone, OfAnHourThatComesTwiceItIsTheEarlierOne) {
  const TimeZone berlin = TimeZone::parse("Europe/Berlin");
  constexpr std::int64_t kBack = 1'509'238'800;  // 2017-10-29T01:00Z: from +02:00 to +01:00
  EXPECT_EQ(berlin.to_utc((kBack - 1800 + 7200) * kNsPerSecond), (kBack - 1800) * kNsPerSecond);
  EXPECT_EQ(berlin.to_utc((kBack + 3600 + 3600) * kNsPerSecond), (kBack + 3600) * kNsPerSecond);
}

TEST(TimeZone, RulesOfEveryFormAreRead) {
  const auto berlin = PosixZone::parse("CET-1CEST,M3.5.0,M10.5.0/3");
  ASSERT_TRUE(berlin);
  const auto changes = berlin->changes(2017);
  ASSERT_EQ(changes.size(), 2U);
  EXPECT_EQ(changes[0], std::pair(std::int64_t{1'490'490'000}, std::int64_t{7200}));
  EXPECT_EQ(changes[1], std::pair(std::int64_t{1'509'238'800}, std::int64_t{3600}));
  const auto plain = PosixZone::parse("<+0545>-5:45");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->standard_offset(), 20'700);
  EXPECT_TRUE(PosixZone::parse("A12345").has_value() == false);
  EXPECT_TRUE(PosixZone::parse("XXX3EDT4,J60/2,J300/-1:30"));
  EXPECT_EQ(PosixZone::parse("XXX3EDT,J60,J300")->changes(2024)[0].first,
            PosixZone::parse("XXX3EDT,60,300")->changes(2024)[0].first);
  for (const char* text : {"", "CET", "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0",
                           "CET-1CEST,M3.5.0,M10.5.0x", "CET-999", "<CET-1"})
    EXPECT_FALSE(PosixZone::parse(text)) << text;
}

}  // namespace
}  // namespace pcapml
