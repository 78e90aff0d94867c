// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pcapml {

/// Cuts the records of a delimited text into fields: as RFC 4180 has it, or without quotes.
class CsvSplitter {
 public:
  static constexpr std::size_t kMostColumns = 4'096;
  static constexpr std::size_t kLongestField = 65'535;

  CsvSplitter(char delimiter, bool quotes) : delimiter_(delimiter), quotes_(quotes) {}

  /// Begins a record with its first line, or goes on with the next one; false while a quote is open. Lines
  /// have to live as long as the fields. Throws BadRecord, `line` being that of the record.
  bool feed(std::string_view text, std::uint64_t line);
  /// Whether a quote is open; the text ended too early then.
  bool is_open() const { return in_quotes_; }
  /// Forgets a record that was not complete.
  void reset();

  /// Of the complete record. Live until the next feed().
  const std::vector<std::string_view>& fields() const { return fields_; }
  /// The column that is being read, from 1.
  std::size_t column() const { return ends_.size() + 1; }

 private:
  void split(std::string_view text, std::uint64_t line);
  void feed_quoted(std::string_view text, std::uint64_t line);
  void check(std::string_view text, std::uint64_t line) const;

  char delimiter_;
  bool quotes_;
  bool in_quotes_ = false;
  std::string text_;  // of quoted fields, without their quotes
  std::vector<std::size_t> ends_;
  std::vector<std::string_view> fields_;
};

}  // namespace pcapml
