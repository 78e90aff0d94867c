// SPDX-License-Identifier: Apache-2.0
#include "join/csv_splitter.h"

#include <fmt/format.h>

#include <cstring>

#include "join/bad_record.h"
#include "join/line_reader.h"

namespace pcapml {

void CsvSplitter::reset() {
  in_quotes_ = false;
  text_.clear();
  ends_.clear();
  fields_.clear();
}

bool CsvSplitter::feed(std::string_view text, std::uint64_t line) {
  if (!in_quotes_) {
    reset();
    if (!quotes_ || text.find('"') == std::string_view::npos) {
      split(text, line);
      check(text, line);
      return true;
    }
  }
  feed_quoted(text, line);
  if (in_quotes_) return false;
  std::size_t begin = 0;
  for (const std::size_t end : ends_) {
    fields_.push_back(std::string_view(text_).substr(begin, end - begin));
    begin = end;
  }
  check(text_, line);
  return true;
}

void CsvSplitter::split(std::string_view text, std::uint64_t line) {
  for (;;) {
    if (fields_.size() == kMostColumns)
      throw BadRecord(line, fmt::format("more than {} columns", kMostColumns));
    const std::size_t end = text.find(delimiter_);
    fields_.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

void CsvSplitter::feed_quoted(std::string_view text, std::uint64_t line) {
  if (in_quotes_) text_ += '\n';
  if (text_.size() + text.size() > LineReader::kLongestLine) {
    in_quotes_ = false;
    throw BadRecord(line, fmt::format("column {}: a quoted text goes on for more than {} bytes", column(),
                                      LineReader::kLongestLine));
  }
  bool at_start = !in_quotes_;
  for (std::size_t at = 0;;) {
    if (in_quotes_) {
      const std::size_t quote = text.find('"', at);
      text_ += text.substr(at, quote == std::string_view::npos ? quote : quote - at);
      if (quote == std::string_view::npos) return;
      at = quote + 1;
      if (at < text.size() && text[at] == '"') {
        text_ += '"';
        ++at;
        continue;
      }
      in_quotes_ = false;
      at_start = false;
      if (at < text.size() && text[at] != delimiter_)
        throw BadRecord(line, fmt::format("column {}: text behind the closing quote", column()));
    } else if (at_start && at < text.size() && text[at] == '"') {
      in_quotes_ = true;
      ++at;
      continue;
    } else {
      const std::size_t end = text.find(delimiter_, at);
      text_ += text.substr(at, end == std::string_view::npos ? end : end - at);
      at = end == std::string_view::npos ? text.size() : end;
    }
    if (ends_.size() == kMostColumns)
      throw BadRecord(line, fmt::format("more than {} columns", kMostColumns));
    ends_.push_back(text_.size());
    if (at == text.size()) return;
    ++at;  // the delimiter
    at_start = true;
  }
}

void CsvSplitter::check(std::string_view text, std::uint64_t line) const {
  const bool has_nul = !text.empty() && std::memchr(text.data(), 0, text.size()) != nullptr;
  if (!has_nul && text.size() <= kLongestField) return;
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    if (fields_[i].size() > kLongestField)
      throw BadRecord(line, fmt::format("column {}: {} bytes, which is more than {}", i + 1,
                                        fields_[i].size(), kLongestField));
    if (fields_[i].find('\0') != std::string_view::npos)
      throw BadRecord(line, fmt::format("column {}: a NUL byte", i + 1));
  }
}

}  // namespace pcapml
