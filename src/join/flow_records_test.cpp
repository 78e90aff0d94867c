// SPDX-License-Identifier: Apache-2.0
#include "join/flow_records.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "join/csv_splitter.h"
#include "join/line_reader.h"
#include "pcapml/error.h"

namespace pcapml {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kHeader = "src,sport,dst,dport,proto,start,end,label\n";
constexpr const char* kRow = "10.0.0.1,1234,10.0.0.2,80,tcp,1700000000,1700000001,a\n";

FlowRecords read(const std::string& text, RecordSource source = RecordSource::csv, bool skip = false) {
  JoinRequest request;
  request.table = "table";
  request.source = source;
  request.skip_bad_records = skip;
  if (source == RecordSource::zeek) request.label_field = "service";
  return read_flow_records(request, memory_source(std::as_bytes(std::span(text)), "table"));
}

std::string error_of(const std::string& text, RecordSource source = RecordSource::csv) {
  try {
    read(text, source);
  } catch (const DataError& error) {
    return error.what();
  }
  return "";
}

std::string row_with(const std::string& from, const std::string& to) {
  std::string row = kRow;
  return row.replace(row.find(from), from.size(), to);
}

TEST(FlowRecords, HostileTablesNameFileLineAndColumn) {
  const std::string header = kHeader;
  const std::string large(10'000'000, 'x');
  EXPECT_THAT(error_of(header + row_with("tcp", std::string("t\0p", 3))),
              StartsWith("table:2: column 5: a NUL byte"));
  EXPECT_THAT(error_of(header + kRow + row_with("tcp", large)),
              StartsWith("table:3: column 5: 10000000 bytes, which is more than 65535"));
  EXPECT_THAT(error_of(header + row_with("tcp", '"' + large + '"')),
              StartsWith("table:2: column 5: 10000000 bytes"));
  EXPECT_THAT(error_of(header + std::string(100'000, ',') + "\n"),
              StartsWith("table:2: more than 4096 columns"));
  EXPECT_THAT(error_of(std::string(100'000, ',') + "\n"), StartsWith("table:1: more than 4096 columns"));
  EXPECT_THAT(error_of(header + "\"" + std::string(100'000, ',') + "\n" + kRow),
              StartsWith("table:2: column 1: the quote is not closed"));
  EXPECT_THAT(error_of(header + "10.0.0.1,1234\n"),
              StartsWith("table:2: 2 columns where the first line has 8"));
  EXPECT_THAT(error_of(header + row_with("1234", "65536")),
              StartsWith("table:2: column 2 (sport): '65536' is no port"));
  EXPECT_THAT(error_of(header + row_with("10.0.0.1", "")),
              StartsWith("table:2: column 1 (src): there is no IP address"));
  EXPECT_THAT(error_of(header + row_with(",a", "," + std::string(65'000, '%'))),
              StartsWith("table:2: column 8 (label): the label takes more"));
}

TEST(FlowRecords, ALineWithoutAnEndTakesNoMoreMemoryThanTheLimit) {
  // 40 MiB of a quoted text that never ends, and as much in one line.
  const std::string line(1'000'000, 'x');
  std::string text = std::string(kHeader) + "\"";
  for (int i = 0; i < 40; ++i) text += line + "\n";
  EXPECT_THAT(error_of(text),
              HasSubstr("table:2: column 1: a quoted text goes on for more than 16777216 bytes"));
  std::string one = kHeader;
  for (int i = 0; i < 40; ++i) one += line;
  EXPECT_THAT(error_of(one + "\n" + kRow), StartsWith("table:2: the line is longer than 16777216 bytes"));
  const FlowRecords records = read(one + "\n" + kRow, RecordSource::csv, true);
  EXPECT_EQ(records.bad, 1U);
  EXPECT_EQ(records.records.size(), 2U);
}

TEST(FlowRecords, TheFirstTenMistakesAreToldAtOnce) {
  std::string text = kHeader;
  for (int i = 0; i < 100; ++i) text += row_with("tcp", fmt::format("p{}", i));
  const std::string error = error_of(text);
  EXPECT_EQ(std::count(error.begin(), error.end(), '\n'), 10);
  EXPECT_THAT(error, HasSubstr("table:11: column 5 (proto): 'p9' is no protocol"));
  EXPECT_EQ(read(text, RecordSource::csv, true).bad, 100U);
}

TEST(FlowRecords, ABadRecordKeepsItsIndex) {
  const FlowRecords records =
      read(std::string(kHeader) + kRow + row_with("tcp", "nonsense") + kRow, RecordSource::csv, true);
  ASSERT_EQ(records.records.size(), 3U);
  EXPECT_EQ(records.records[1].label, FlowRecord::kNoLabel);
  EXPECT_EQ(records.records[2].line, 4U);
  EXPECT_EQ(records.records[2].label, 0U);
}

TEST(FlowRecords, QuotedFieldsMayHoldAnything) {
  const FlowRecords records = read(std::string(kHeader) + row_with(",a", ",\"a, \"\"b\"\"\r\nand more\"") +
                                   "\r\n" + row_with(",a", ",\"\"\"\"") + "\n\n");
  ASSERT_EQ(records.labels.size(), 2U);
  EXPECT_EQ(records.labels[0], "a, \"b\"\nand more");
  EXPECT_EQ(records.labels[1], "\"");
  EXPECT_EQ(records.records[1].line, 5U);
}

TEST(FlowRecords, JsonIsTakenApartWithoutTrust) {
  const std::string good =
      R"({"ts":1700000000.5,"id.orig_h":"10.0.0.1","id.orig_p":1,"id.resp_h":"10.0.0.2","id.resp_p":2,"proto":"tcp","service":"http"})";
  EXPECT_EQ(read(good + "\n", RecordSource::zeek).labels, std::vector<std::string>{"http"});
  EXPECT_THAT(error_of(good + "\n{\"ts\":", RecordSource::zeek), StartsWith("table:2: column 7: no JSON"));
  EXPECT_THAT(error_of(good + "\n[]\n", RecordSource::zeek),
              StartsWith("table:2: column 1: JSON, but no object"));
  EXPECT_THAT(error_of(good.substr(0, good.size() - 1) + ",\"proto\":\"t\\u0000p\"}", RecordSource::zeek),
              StartsWith("table:1: proto: a NUL byte"));
  EXPECT_THAT(error_of(good.substr(0, good.size() - 1) + ",\"id.orig_p\":-1}", RecordSource::zeek),
              StartsWith("table:1: id.orig_p: '-1' is no port"));
  // Deeper than any stack.
  EXPECT_THAT(error_of(good + "\n" + std::string(5'000'000, '['), RecordSource::zeek),
              StartsWith("table:2: column 5000001"));
  std::string nested = good.substr(0, good.size() - 1) + ",\"x\":";
  for (int i = 0; i < 100'000; ++i) nested += "{\"service\":";
  nested += "1" + std::string(100'001, '}');
  EXPECT_EQ(read(nested, RecordSource::zeek).labels, std::vector<std::string>{"http"});
}

TEST(FlowRecords, LinesAreTheSameHoweverTheyArrive) {
  /// Gives one byte at a time.
  class Drops final : public Source {
   public:
    explicit Drops(std::string text) : text_(std::move(text)) {}
    std::size_t read(std::span<std::byte> into) override {
      if (at_ == text_.size()) return 0;
      into[0] = static_cast<std::byte>(text_[at_++]);
      return 1;
    }
    const std::string& name() const override { return name_; }
    std::uint64_t position() const override { return at_; }

   private:
    std::string text_, name_ = "drops";
    std::size_t at_ = 0;
  };
  LineReader lines(std::make_unique<Drops>("\xEF\xBB\xBFone\r\n\ntwo\nthree"));
  for (const char* wanted : {"one", "", "two", "three"}) {
    const auto line = lines.next();
    ASSERT_TRUE(line);
    EXPECT_EQ(*line, wanted);
  }
  EXPECT_FALSE(lines.next());
  EXPECT_EQ(lines.line(), 4U);
}

}  // namespace
}  // namespace pcapml
