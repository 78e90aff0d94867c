// SPDX-License-Identifier: Apache-2.0
#include "cli/live_table.h"

#include <gmock/gmock.h>

#include "cli/printable.h"
#include "pcapml/capture.h"

namespace pcapml::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

CaptureProgress three_labels() {
  CaptureProgress progress{1234, 5'600'000, 7, {}};
  progress.labels = {{"curl", 200, 5'000'000, 9, {"example.org", "debian.org"}},
                     {"sshd", 1000, 500'000, 2, {}},
                     {"ntpd", 34, 100'000, 20, {"pool.ntp.org"}}};
  return progress;
}

std::vector<std::string> table(const CaptureProgress& progress, std::size_t width, std::size_t height,
                               LiveOrder order = LiveOrder::packets) {
  return live_table(progress, {width, height, order, true});
}

TEST(LiveTable, HasALineForEachLabel) {
  EXPECT_THAT(table(three_labels(), 80, 24),
              ElementsAre("1,234 packets, 5.6 MB, 7 lost                             sort: p b f l, end: q",
                          "label  packets*     bytes  flows  domains", "sshd      1,000  500.0 kB      2",
                          "curl        200    5.0 MB      9  example.org, debian.org",
                          "ntpd         34  100.0 kB     20  pool.ntp.org"));
}

TEST(LiveTable, SortsAndMarksTheOrder) {
  const auto first = [](LiveOrder order) { return table(three_labels(), 80, 24, order).at(2).substr(0, 4); };
  EXPECT_EQ(first(LiveOrder::packets), "sshd");
  EXPECT_EQ(first(LiveOrder::bytes), "curl");
  EXPECT_EQ(first(LiveOrder::flows), "ntpd");
  EXPECT_EQ(first(LiveOrder::label), "curl");
  EXPECT_THAT(table(three_labels(), 80, 24, LiveOrder::flows).at(1), HasSubstr(" flows*"));
  EXPECT_THAT(table(three_labels(), 80, 24, LiveOrder::label).at(1), StartsWith("label* "));
}

TEST(LiveTable, EqualValuesGoByLabel) {
  CaptureProgress progress;
  progress.labels = {{"b", 1, 1, 1, {}}, {"a", 1, 1, 1, {}}, {"c", 1, 1, 1, {}}};
  const auto lines = table(progress, 80, 24);
  EXPECT_THAT(lines.at(2), StartsWith("a "));
  EXPECT_THAT(lines.at(4), StartsWith("c "));
}

TEST(LiveTable, RowsEndWithTheTerminal) {
  CaptureProgress progress;
  for (int i = 0; i < 30; ++i)
    progress.labels.push_back({"l" + std::to_string(i), static_cast<std::uint64_t>(i), 0, 0, {}});
  for (std::size_t height = 4; height < 40; ++height) {
    const auto lines = table(progress, 80, height);
    EXPECT_LT(lines.size(), height);
    const std::size_t rows = height - 3;
    if (rows < 30)
      EXPECT_EQ(lines.back(), "and " + std::to_string(30 - (rows - 1)) + " more");
    else
      EXPECT_THAT(lines.back(), StartsWith("l0 "));
  }
  EXPECT_EQ(table(progress, 80, 1).size(), 1u);
}

TEST(LiveTable, FitsIntoEveryWidth) {
  CaptureProgress progress = three_labels();
  progress.packets = progress.labels[0].packets = 123'456'789'012;
  progress.labels.push_back(
      {"a very long name of a unit.service", 1, 2, 3, {"日本語の名前.example", "b.org"}});
  progress.labels.push_back({"日本語日本語日本語日本語", 1, 2, 3, {}});
  for (std::size_t width = 1; width < 200; ++width)
    for (const std::string& line : table(progress, width, 24))
      EXPECT_LT(columns_of(line), std::max<std::size_t>(width, 2)) << width << ": " << line;
}

TEST(LiveTable, NarrowTerminalsKeepLabelAndPackets) {
  const auto lines = table(three_labels(), 20, 24);
  EXPECT_EQ(lines.at(1), "label  packets*");
  EXPECT_EQ(lines.at(2), "sshd      1,000");
  EXPECT_THAT(table(three_labels(), 60, 24).at(0), HasSubstr("end: q"));
  EXPECT_THAT(table(three_labels(), 40, 24).at(0), Not(HasSubstr("sort")));
}

TEST(LiveTable, DomainsAreCut) {
  CaptureProgress progress;
  progress.labels = {{"x", 1, 2, 3, {std::string(100, 'd')}}};
  const std::string line = table(progress, 80, 24).at(2);
  EXPECT_EQ(columns_of(line), 79u);
  EXPECT_TRUE(line.ends_with("…"));
}

TEST(LiveTable, WideCharactersKeepTheColumns) {
  CaptureProgress progress;
  progress.labels = {{"日本語", 3, 2, 3, {}}, {"cafe\u0301", 2, 2, 3, {}}, {"plain", 1, 2, 3, {}}};
  const auto lines = table(progress, 80, 24);
  EXPECT_EQ(lines.at(2), "日本語         3    2 B      3");
  EXPECT_EQ(lines.at(3), "cafe\u0301           2    2 B      3");
  EXPECT_EQ(lines.at(4), "plain          1    2 B      3");
}

TEST(LiveTable, ShowsNoControlCharacters) {
  CaptureProgress progress;
  progress.labels = {{"a\033[2Jb\n\xff", 1, 2, 3, {"x\r.org"}}};
  for (const std::string& line : table(progress, 80, 24))
    for (const char c : line) EXPECT_GE(static_cast<unsigned char>(c), 0x20);
  EXPECT_THAT(table(progress, 80, 24).at(2), StartsWith("a\\x1b[2Jb\\x0a\\xff"));
}

TEST(LiveTable, AnEmptyCaptureIsOneLine) {
  EXPECT_THAT(live_table({}, {80, 24, LiveOrder::packets, false}), ElementsAre("0 packets, 0 B, 0 lost"));
}

TEST(LiveTable, KeysChooseTheOrder) {
  EXPECT_EQ(order_of_key('p'), LiveOrder::packets);
  EXPECT_EQ(order_of_key('l'), LiveOrder::label);
  EXPECT_EQ(order_of_key('x'), std::nullopt);
}

}  // namespace
}  // namespace pcapml::cli
