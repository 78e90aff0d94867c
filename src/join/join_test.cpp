// SPDX-License-Identifier: Apache-2.0
#include "pcapml/join.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "join/damaged_tables.h"
#include "label/packet_label.h"
#include "pcapml/error.h"
#include "pcapml/reader.h"

namespace pcapml::test {
namespace {

constexpr std::int64_t kMorning = 1'499'247'000 * kMicros;  // 2017-07-05, 09:30 UTC

/// Runs joins in a directory of their own.
class Join : public testing::Test {
 protected:
  Join() {
    std::string name = (std::filesystem::temp_directory_path() / "pcapml-join-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
    request_.input = path("in.pcapng");
    request_.table = path("flows.csv");
    request_.output = path("out.pcapng");
    request_.keep_unmatched = true;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string path(const char* name) const { return (directory_ / name).string(); }

  void write(const Builder& capture) {
    std::ofstream file(request_.input, std::ios::binary);
    file.write(reinterpret_cast<const char*>(capture.bytes().data()),
               static_cast<std::streamsize>(capture.bytes().size()));
  }
  void write_table(const std::string& text) { std::ofstream(request_.table, std::ios::binary) << text; }

  /// The comments of the packets in the output, "" for none.
  std::vector<std::string> comments() const {
    std::vector<std::string> found;
    Reader reader = open_reader(request_.output);
    while (const PacketView* packet = reader.next_packet())
      found.emplace_back(find_label(packet->options).comment);
    return found;
  }

  /// Compares each packet's sample id and label with those of its flow: records by flow, "" for no label.
  void expect(const Truth& truth, const std::vector<std::string>& by_flow, const std::string& what) {
    const std::vector<std::string> found = comments();
    ASSERT_EQ(found.size(), truth.packets.size()) << what;
    for (std::size_t i = 0; i < found.size(); ++i)
      ASSERT_EQ(found[i], by_flow[truth.packets[i].flow]) << what << ", packet " << i;
  }

  std::filesystem::path directory_;
  JoinRequest request_;
};

std::string comment(std::size_t record, const std::string& label) {
  return fmt::format("{},{}", record, encode_text(label));
}

std::string words(const TimeStyle& style) {
  return fmt::format("date {}, clock {}, unit {}, offset {}", static_cast<int>(style.date),
                     static_cast<int>(style.clock), static_cast<int>(style.unit), style.offset_minutes);
}

/// All that a published table may write of a time.
std::vector<TimeStyle> styles() {
  using Date = TimeStyle::Date;
  using Clock = TimeStyle::Clock;
  using Unit = TimeStyle::Unit;
  std::vector<TimeStyle> all;
  for (const std::int64_t offset : {0, -180, 345, 840})
    for (const Date date : {Date::ymd, Date::dmy, Date::mdy})
      for (const Clock clock : {Clock::h24, Clock::am_pm, Clock::h12})
        for (const Unit unit : {Unit::minutes, Unit::seconds, Unit::micros})
          all.push_back({date, clock, unit, offset});
  all.push_back({Date::epoch, Clock::h24, Unit::micros, 0});
  return all;
}

TEST_F(Join, EachPacketGetsItsRecordWhateverTheTablesClock) {
  std::uint32_t seed = 0;
  for (const TimeStyle& style : styles()) {
    // Over noon by the wall's clock, so that a 12-hour clock without AM and PM runs backwards.
    const Truth truth = make_truth(++seed, kMorning - style.offset_minutes * 60 * kMicros, 300);
    write(capture_of(truth));
    std::string table = kTableHeader;
    std::vector<std::string> expected;
    for (std::size_t i = 0; i < truth.flows.size(); ++i) {
      table += record_of(truth.flows[i], style, (i * 7 + seed) % 3 == 0, truth.flows[i].label);
      expected.push_back(comment(i, truth.flows[i].label));
    }
    write_table(table);
    const JoinReport report = join_captures(request_);
    expect(truth, expected, words(style));
    EXPECT_EQ(report.matched.packets, truth.packets.size()) << words(style);
    EXPECT_EQ(report.records_with_packets, truth.flows.size());
    EXPECT_EQ(report.conflicting.packets, 0U);
    EXPECT_EQ(report.duplicate_records, 0U);
    if (style.date == TimeStyle::Date::epoch) continue;
    EXPECT_TRUE(report.zone_found);
    const std::int64_t minutes = std::abs(style.offset_minutes);
    EXPECT_EQ(report.zone, minutes == 0 ? "UTC"
                                        : fmt::format("{}{:02}:{:02}", style.offset_minutes < 0 ? '-' : '+',
                                                      minutes / 60, minutes % 60))
        << words(style);
    EXPECT_EQ(report.twelve_hours, style.clock == TimeStyle::Clock::h12) << words(style);
    if (style.date != TimeStyle::Date::ymd) {
      EXPECT_EQ(report.month_first, style.date == TimeStyle::Date::mdy);
    }
  }
}

TEST_F(Join, WhatRecordsOfDifferentLabelsClaimGetsALabelOnlyWhereAsked) {
  for (const Conflicts policy : {Conflicts::none, Conflicts::first, Conflicts::majority}) {
    const Truth truth = make_truth(7, kMorning, 300);
    write(capture_of(truth));
    std::string table = kTableHeader;
    std::vector<std::string> expected(truth.flows.size());
    std::size_t record = 0, conflicting = 0, duplicates = 0;
    const auto add = [&](std::size_t flow, const std::string& label) {
      table += record_of(truth.flows[flow], {}, flow % 2 == 0, label);
      return record++;
    };
    for (std::size_t i = 0; i < truth.flows.size(); ++i) {
      const std::size_t first = add(i, "one");
      expected[i] = comment(first, "one");
      if (i % 5 == 1) {  // two records, two labels: no majority
        add(i, "two");
        if (policy != Conflicts::first) expected[i] = "";
        conflicting += truth.flows[i].times_us.size();
      } else if (i % 5 == 2) {  // three records, two of them of one label
        const std::size_t second = add(i, "two");
        add(i, "two");
        if (policy == Conflicts::none) expected[i] = "";
        if (policy == Conflicts::majority) expected[i] = comment(second, "two");
        conflicting += truth.flows[i].times_us.size();
      } else if (i % 5 == 3) {
        add(i, "one");
        ++duplicates;
      }
    }
    write_table(table);
    request_.conflicts = policy;
    const JoinReport report = join_captures(request_);
    expect(truth, expected, fmt::format("policy {}", static_cast<int>(policy)));
    EXPECT_EQ(report.conflicting.packets, conflicting);
    EXPECT_EQ(report.duplicate_records, duplicates);
    EXPECT_EQ(report.records_in_conflict, 20 * 2 + 20 * 3U);
    ASSERT_EQ(report.conflicts.size(), 10U);
    EXPECT_GE(report.conflicts.front().packets, report.conflicts.back().packets);
    EXPECT_EQ(report.conflicts.front().labels.size(), 2U);
  }
}

TEST_F(Join, PacketsWithoutARecordAndRecordsWithoutAPacketAreCountedAndWritten) {
  const Truth truth = make_truth(9, kMorning, 300);
  write(capture_of(truth));
  std::string table = kTableHeader;
  std::vector<std::string> expected(truth.flows.size());
  std::size_t unmatched = 0, record = 0, absent = 0;
  for (std::size_t i = 0; i < truth.flows.size(); ++i) {
    if (i % 4 == 0) {
      unmatched += truth.flows[i].times_us.size();
      continue;
    }
    table += record_of(truth.flows[i], {}, false, truth.flows[i].label);
    expected[i] = comment(record++, truth.flows[i].label);
    if (i % 4 == 1) continue;
    TrueFlow elsewhere = truth.flows[i];
    elsewhere.client += 1000;
    table += record_of(elsewhere, {}, false, "gone");
    ++record, ++absent;
  }
  write_table(table);
  request_.orphan_records = path("records.csv");
  request_.orphan_packets = path("packets.pcapng");
  const JoinReport report = join_captures(request_);
  expect(truth, expected, "");
  EXPECT_EQ(report.unmatched.packets, unmatched);
  EXPECT_EQ(report.records_without_packets, absent);
  std::size_t written = 0;
  Reader packets = open_reader(request_.orphan_packets);
  while (packets.next_packet() != nullptr) ++written;
  EXPECT_EQ(written, unmatched);

  // What was written is a table again.
  request_.table = request_.orphan_records;
  request_.orphan_records = request_.orphan_packets = "";
  const JoinReport again = join_captures(request_);
  EXPECT_EQ(again.records, absent);
  EXPECT_EQ(again.records_without_packets, absent);
}

TEST_F(Join, ATableOfAnotherDayMatchesNothingAndSaysSo) {
  const Truth truth = make_truth(3, kMorning, 30);
  write(capture_of(truth));
  Truth later = make_truth(3, kMorning + 86'400 * 3 * kMicros, 30);
  std::string table = kTableHeader;
  for (const TrueFlow& flow : later.flows) table += record_of(flow, {}, false, "x");
  write_table(table);
  const JoinReport report = join_captures(request_);
  EXPECT_EQ(report.matched.packets, 0U);
  EXPECT_EQ(report.sampled_matches, 0U);
  EXPECT_EQ(report.matched_percent(), 0);
}

TEST_F(Join, AZoneWithSummerTimeIsReadFromTheSystem) {
  // 2017-10-29, 03:00 in Berlin became 02:00: two records an hour before and after it.
  Truth truth;
  for (const std::int64_t at : {1'509'235'200 - 5'000, 1'509'238'800 + 7'200}) {
    TrueFlow flow{0x0a000001,    0xc0000201, 1000, 80, 6, at < 1'509'238'800 ? "summer" : "winter",
                  {at * kMicros}};
    truth.packets.push_back({at * kMicros, truth.flows.size(), true});
    truth.flows.push_back(flow);
  }
  write(capture_of(truth));
  TimeStyle summer, winter;
  summer.offset_minutes = 120;
  winter.offset_minutes = 60;
  write_table(kTableHeader + record_of(truth.flows[0], summer, false, "summer") +
              record_of(truth.flows[1], winter, false, "winter"));
  request_.clock.zone = "Europe/Berlin";
  const JoinReport report = join_captures(request_);
  expect(truth, {"0,summer", "1,winter"}, "");
  EXPECT_EQ(report.zone, "Europe/Berlin");
}

TEST_F(Join, SlackWidensWindowsAtBothEnds) {
  Truth truth;
  for (const std::int64_t at : {90, 98, 100, 102, 110}) {
    truth.packets.push_back({at * kMicros, 0, true});
  }
  truth.flows.push_back({0x0a000001, 0xc0000201, 1000, 80, 6, "x", {100 * kMicros}});
  write(capture_of(truth));
  TimeStyle epoch;
  epoch.date = TimeStyle::Date::epoch;
  write_table(kTableHeader + record_of(truth.flows[0], epoch, false, "x"));
  request_.slack_ns = 2'000'000'000;
  EXPECT_EQ(join_captures(request_).matched.packets, 3U);
  request_.slack_ns.reset();
  EXPECT_EQ(join_captures(request_).matched.packets, 1U);
}

TEST_F(Join, TimesInSecondsCanBeMovedByAZoneThatIsGivenOrAskedFor) {
  const Truth truth = make_truth(5, kMorning, 60);
  write(capture_of(truth));
  std::string table = kTableHeader;
  TimeStyle epoch;
  epoch.date = TimeStyle::Date::epoch;
  for (TrueFlow flow : truth.flows) {
    for (std::int64_t& time : flow.times_us) time += 7200 * kMicros;  // seconds counted from a local midnight
    table += record_of(flow, epoch, false, "x");
  }
  write_table(table);
  EXPECT_EQ(join_captures(request_).matched.packets, 0U);
  request_.clock.zone = "auto";
  const JoinReport found = join_captures(request_);
  EXPECT_EQ(found.zone, "+02:00");
  EXPECT_EQ(found.matched.packets, truth.packets.size());
  request_.clock.zone = "+0200";
  EXPECT_EQ(join_captures(request_).matched.packets, truth.packets.size());
}

TEST_F(Join, AFailedJoinLeavesNothingBehind) {
  const Truth truth = make_truth(5, kMorning, 60);
  Builder capture = capture_of(truth);
  capture.u32(6).u32(7);  // a torn block
  write(capture);
  write_table(kTableHeader + record_of(truth.flows[0], {}, false, "x"));
  request_.orphan_records = path("records.csv");
  request_.orphan_packets = path("packets.pcapng");
  EXPECT_THROW(join_captures(request_), FormatError);
  std::size_t files = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(directory_)) ++files;
  EXPECT_EQ(files, 2U);
}

}  // namespace
}  // namespace pcapml::test
