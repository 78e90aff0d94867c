// SPDX-License-Identifier: Apache-2.0
#include "dataset/label_map.h"

#include <fmt/format.h>

#include <array>
#include <unordered_map>

#include "pcapml/compare.h"
#include "pcapml/error.h"
#include "pcapml/source.h"

namespace pcapml {
namespace {

/// One record of a CSV text, or what is wrong with it.
struct CsvRecord {
  std::size_t line = 0;
  std::vector<std::string> fields;
  const char* problem = nullptr;
};

/// Reads a CSV text record by record (RFC 4180; LF will do for CRLF).
class CsvReader {
 public:
  explicit CsvReader(std::string_view text) : rest_(text) {}

  bool at_end() const { return rest_.empty(); }
  /// The next record is a blank line or a comment; passes over it.
  bool skip_empty() {
    if (rest_.front() != '#' && !is_at_line_end()) return false;
    skip_line();
    return true;
  }

  CsvRecord next() {
    CsvRecord record{line_, {}, nullptr};
    do {
      record.problem = read_field(record.fields.emplace_back());
    } while (record.problem == nullptr && take(","));
    skip_line();
    return record;
  }

 private:
  bool is_at_line_end() const { return rest_.empty() || rest_.front() == '\n' || rest_.starts_with("\r\n"); }

  bool take(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }

  void skip_line() {
    const std::size_t end = rest_.find('\n');
    rest_ = end == std::string_view::npos ? std::string_view{} : rest_.substr(end + 1);
    ++line_;
  }

  const char* read_field(std::string& field) {
    if (take("\"")) return read_quoted(field);
    for (; !is_at_line_end() && rest_.front() != ','; rest_.remove_prefix(1)) {
      if (rest_.front() == '"') return "a quote inside a field that does not begin with one";
      field += rest_.front();
    }
    return nullptr;
  }

  const char* read_quoted(std::string& field) {
    for (;;) {
      const std::size_t quote = rest_.find('"');
      if (quote == std::string_view::npos) {
        rest_ = {};
        return "a quoted field that does not end";
      }
      for (const char c : rest_.substr(0, quote)) line_ += c == '\n' ? 1u : 0u;
      field += rest_.substr(0, quote);
      rest_.remove_prefix(quote + 1);
      if (!take("\"")) break;
      field += '"';
    }
    return is_at_line_end() || rest_.front() == ',' ? nullptr : "text after the end of a quoted field";
  }

  std::string_view rest_;
  std::size_t line_ = 1;
};

/// What is wrong with a record that was read well; empty: nothing.
std::string problem_of(const CsvRecord& record) {
  if (record.problem != nullptr) return record.problem;
  if (record.fields.size() != 2)
    return fmt::format("{} where `from,to` has two", record.fields.size() == 1
                                                         ? "one field"
                                                         : fmt::format("{} fields", record.fields.size()));
  for (const auto& field : record.fields) {
    if (field.empty()) return "an empty label";
    if (field == kUnlabeled)
      return fmt::format("`{}` stands for packets without a label and is none", kUnlabeled);
  }
  return {};
}

std::string read_text(const std::string& path) {
  constexpr std::size_t kMost = std::size_t{64} << 20;
  const auto source = open_source(path);
  std::string text;
  std::array<std::byte, 65536> piece;
  while (const std::size_t n = source->read(piece)) {
    text += as_text(Bytes(piece).first(n));
    if (text.size() > kMost)
      throw UsageError(fmt::format("{}: more than 64 MiB is no label map", source->name()));
  }
  return text;
}

}  // namespace

std::vector<LabelRenaming> parse_label_map(std::string_view text, const std::string& path) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";  // spreadsheets write it
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  std::vector<LabelRenaming> map;
  std::unordered_map<std::string, std::size_t> lines;
  std::string problems;
  bool first = true;
  for (CsvReader reader(text); !reader.at_end();) {
    if (reader.skip_empty()) continue;
    CsvRecord record = reader.next();
    const bool header = first && record.fields == std::vector<std::string>{"from", "to"};
    first = false;
    if (header) continue;
    std::string problem = problem_of(record);
    if (problem.empty()) {
      const auto [before, added] = lines.emplace(record.fields[0], record.line);
      if (added) {
        map.push_back({record.line, record.fields[0], record.fields[1]});
      } else {
        problem = fmt::format("`{}` is renamed in line {} already", record.fields[0], before->second);
      }
    }
    if (problem.empty()) continue;
    if (!problems.empty()) problems += '\n';
    problems += fmt::format("{}:{}: {}", path, record.line, problem);
  }
  if (!problems.empty()) throw UsageError(problems);
  return map;
}

std::vector<LabelRenaming> read_label_map(const std::string& path) {
  return parse_label_map(read_text(path), path);
}

}  // namespace pcapml
