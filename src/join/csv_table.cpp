// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "join/bad_record.h"
#include "join/columns.h"
#include "join/csv_splitter.h"
#include "join/line_reader.h"
#include "join/record_values.h"
#include "join/table.h"
#include "pcapml/error.h"

namespace pcapml {
namespace {

/// The most frequent of comma, semicolon and tab.
char delimiter_of(std::string_view line) {
  const auto count = [line](char c) { return std::count(line.begin(), line.end(), c); };
  const auto semicolons = count(';'), tabs = count('\t'), commas = count(',');
  return commas >= semicolons && commas >= tabs ? ',' : semicolons >= tabs ? ';' : '\t';
}

class CsvTable final : public Table {
 public:
  CsvTable(std::unique_ptr<Source> source, const JoinRequest& request)
      : lines_(std::move(source)), splitter_(',', true) {
    try {
      read_header(request);
    } catch (const BadRecord& error) {
      throw DataError(fmt::format("{}:{}: {}", lines_.source().name(), error.line(), error.what()));
    }
  }

  const TableRow* next() override {
    if (!keep_first_ && !read()) return nullptr;
    keep_first_ = false;
    return row();
  }

  bool has(Role role) const override { return columns_[role] != Columns::kAbsent; }
  std::string place(Role role) const override { return columns_.place(role); }
  std::int64_t duration_unit_ns() const override { return columns_.duration_unit_ns; }
  std::string_view default_label() const override { return columns_.default_label; }
  const char* name() const override { return columns_.name; }

 private:
  void read_header(const JoinRequest& request) {
    const auto first = lines_.next();
    if (!first) throw DataError(fmt::format("{}: the table is empty", lines_.source().name()));
    if (first->starts_with("\xFF\xFE") || first->starts_with("\xFE\xFF"))
      throw DataError(fmt::format("{}:1: the table is UTF-16; `iconv -f UTF-16 -t UTF-8` turns it into UTF-8",
                                  lines_.source().name()));
    splitter_ = CsvSplitter(delimiter_of(*first), true);
    line_ = 1;
    if (!splitter_.feed(*first, 1)) throw BadRecord(1, "the first line ends within a quoted text");
    header_ = *first;
    columns_ = find_columns(splitter_.fields(), request, lines_.source().name());
    keep_first_ = !columns_.has_header;
  }

  /// The next record's fields; false at the end.
  bool read() {
    splitter_.reset();
    for (bool more = false;; more = true) {
      const auto line = lines_.next();
      if (!line) {
        if (!more) return false;
        const std::size_t column = splitter_.column();
        splitter_.reset();
        throw BadRecord(line_,
                        fmt::format("column {}: the quote is not closed before the end of the file", column));
      }
      if (!more) line_ = lines_.line();
      if (splitter_.feed(*line, line_)) {
        is_header_ = columns_.has_header && *line == header_;
        return true;
      }
    }
  }

  const TableRow* row() {
    row_.line = line_;
    row_.values.fill({});
    const auto& fields = splitter_.fields();
    const bool blank = is_header_ || std::all_of(fields.begin(), fields.end(), [](std::string_view field) {
                         return trimmed(field).empty();
                       });
    row_.is_blank = blank;
    if (blank) return &row_;
    if (fields.size() != columns_.count)
      throw BadRecord(line_,
                      fmt::format("{} columns where the first line has {}", fields.size(), columns_.count));
    for (std::size_t i = 0; i < kRoles; ++i)
      if (columns_.index[i] != Columns::kAbsent)
        row_.values[i] = trimmed(fields[static_cast<std::size_t>(columns_.index[i])]);
    return &row_;
  }

  LineReader lines_;
  CsvSplitter splitter_;
  Columns columns_;
  std::string header_;
  TableRow row_;
  std::uint64_t line_ = 0;
  bool keep_first_ = false;  // the first line is a record
  bool is_header_ = false;   // the line is the header again
};

}  // namespace

std::unique_ptr<Table> open_csv_table(std::unique_ptr<Source> source, const JoinRequest& request) {
  return std::make_unique<CsvTable>(std::move(source), request);
}

}  // namespace pcapml
