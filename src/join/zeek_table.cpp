// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "join/bad_record.h"
#include "join/csv_splitter.h"
#include "join/json_fields.h"
#include "join/line_reader.h"
#include "join/record_values.h"
#include "join/table.h"
#include "label/text.h"
#include "pcapml/error.h"

namespace pcapml {
namespace {

using Names = std::array<std::string, kRoles>;

/// Zeek's field for each role; "" for none.
Names zeek_names(const JoinRequest& request) {
  Names names;
  const auto name = [&names](Role role) -> std::string& { return names[static_cast<std::size_t>(role)]; };
  name(Role::source) = "id.orig_h";
  name(Role::source_port) = "id.orig_p";
  name(Role::destination) = "id.resp_h";
  name(Role::destination_port) = "id.resp_p";
  name(Role::protocol) = "proto";
  name(Role::start) = "ts";
  name(Role::duration) = "duration";
  name(Role::label) = !request.label_field.empty() ? request.label_field : "label";
  return names;
}

/// `\x09` as the byte that it stands for.
std::string unescaped(std::string_view text) {
  std::string result;
  const auto digit = [](char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
  };
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\\' && at + 3 < text.size() && text[at + 1] == 'x' && digit(text[at + 2]) >= 0 &&
        digit(text[at + 3]) >= 0) {
      result += static_cast<char>(digit(text[at + 2]) * 16 + digit(text[at + 3]));
      at += 3;
    } else {
      result += text[at];
    }
  }
  return result;
}

/// IoT-23 separates its last three fields by blanks, within what is one field by tabs. Appends them in its
/// place.
void divide_last(std::vector<std::string_view>& fields) {
  std::string_view rest = fields.back();
  fields.pop_back();
  for (;;) {
    const std::size_t end = rest.find("   ");
    fields.push_back(rest.substr(0, end));
    if (end == std::string_view::npos) return;
    rest.remove_prefix(end);
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  }
}

class ZeekTable final : public Table {
 public:
  ZeekTable(LineReader lines, const JoinRequest& request)
      : lines_(std::move(lines)), names_(zeek_names(request)), splitter_('\t', false) {
    index_.fill(-1);
  }

  const TableRow* next() override {
    while (const auto line = lines_.next()) {
      if (line->starts_with('#')) {
        directive(*line);
      } else {
        return row(*line);
      }
    }
    return nullptr;
  }

  bool has(Role role) const override { return index_[static_cast<std::size_t>(role)] >= 0; }
  std::string place(Role role) const override {
    const auto at = static_cast<std::size_t>(role);
    return fmt::format("column {} ({})", index_[at] + 1, names_[at]);
  }
  const char* name() const override { return "Zeek conn.log"; }

 private:
  /// `#fields` and those that say how values are written; others say nothing of records.
  void directive(std::string_view line) {
    if (line.starts_with("#separator ")) {
      const std::string separator = unescaped(line.substr(std::string_view("#separator ").size()));
      if (separator.size() != 1)
        throw DataError(fmt::format("{}:{}: the separator is {}, not one byte", lines_.source().name(),
                                    lines_.line(), shown(separator)));
      separator_ = separator[0];
      splitter_ = CsvSplitter(separator_, false);
      return;
    }
    splitter_.feed(line, lines_.line());
    const auto& fields = splitter_.fields();
    if (fields.size() >= 2 && fields[0] == "#unset_field") unset_ = fields[1];
    if (fields.size() >= 2 && fields[0] == "#empty_field") empty_ = fields[1];
    if (fields[0] == "#fields") take_fields({fields.begin() + 1, fields.end()});
  }

  void take_fields(std::vector<std::string_view> fields) {
    divides_last_ = !fields.empty() && fields.back().find("   ") != std::string_view::npos;
    if (divides_last_) divide_last(fields);
    count_ = fields.size();
    for (std::size_t i = 0; i < kRoles; ++i) {
      const auto found = std::find(fields.begin(), fields.end(), names_[i]);
      index_[i] = names_[i].empty() || found == fields.end() ? -1 : static_cast<int>(found - fields.begin());
    }
    for (const Role role : {Role::source, Role::destination, Role::start, Role::label})
      if (!has(role))
        throw DataError(fmt::format("{}:{}: #fields has no {}", lines_.source().name(), lines_.line(),
                                    names_[static_cast<std::size_t>(role)]));
  }

  const TableRow* row(std::string_view line) {
    row_.line = lines_.line();
    row_.values.fill({});
    row_.is_blank = trimmed(line).empty();
    if (row_.is_blank) return &row_;
    if (count_ == 0)
      throw DataError(fmt::format("{}:{}: a record before #fields, so this is no log of Zeek",
                                  lines_.source().name(), lines_.line()));
    splitter_.feed(line, row_.line);
    fields_ = splitter_.fields();
    if (divides_last_) divide_last(fields_);
    if (fields_.size() != count_)
      throw BadRecord(row_.line, fmt::format("{} columns where #fields has {}", fields_.size(), count_));
    for (std::size_t i = 0; i < kRoles; ++i) {
      if (index_[i] < 0) continue;
      const std::string_view value = trimmed(fields_[static_cast<std::size_t>(index_[i])]);
      if (value != unset_ && value != empty_) row_.values[i] = value;
    }
    std::string_view& label = row_.values[static_cast<std::size_t>(Role::label)];
    if (label.find('\\') != std::string_view::npos) label = label_ = unescaped(label);
    return &row_;
  }

  LineReader lines_;
  Names names_;
  CsvSplitter splitter_;
  std::array<int, kRoles> index_{};
  std::vector<std::string_view> fields_;
  std::string unset_ = "-", empty_ = "(empty)", label_;
  std::size_t count_ = 0;
  char separator_ = '\t';
  bool divides_last_ = false;
  TableRow row_;
};

/// Events or records that are a JSON object each.
class JsonTable : public Table {
 public:
  JsonTable(LineReader lines, Names names, const char* name)
      : lines_(std::move(lines)),
        names_(std::move(names)),
        name_(name),
        fields_({names_.begin(), names_.end()}) {}

  const TableRow* next() override {
    const auto line = lines_.next();
    if (!line) return nullptr;
    row_.line = lines_.line();
    row_.is_other = false;
    row_.values.fill({});
    row_.is_blank = trimmed(*line).empty();
    if (row_.is_blank) return &row_;
    fields_.read(*line, row_.line);
    for (std::size_t i = 0; i < kRoles; ++i) row_.values[i] = trimmed(fields_.value(i));
    row_.is_other = is_other(row_);
    return &row_;
  }

  bool has(Role role) const override { return !names_[static_cast<std::size_t>(role)].empty(); }
  std::string place(Role role) const override { return names_[static_cast<std::size_t>(role)]; }
  const char* name() const override { return name_; }

 private:
  /// Suricata's events are of many types; of Zeek's conn.log each is a flow.
  bool is_other(const TableRow& row) const {
    if (!has(Role::event)) return false;
    const std::string_view event = row[Role::event];
    return (event != "alert" && event != "flow") || (event == "alert" && row[Role::label].empty());
  }

  LineReader lines_;
  Names names_;
  const char* name_;
  JsonFields fields_;
  TableRow row_;
};

}  // namespace

std::unique_ptr<Table> open_zeek_table(std::unique_ptr<Source> source, const JoinRequest& request) {
  LineReader lines(std::move(source));
  if (lines.peek() == '{')
    return std::make_unique<JsonTable>(std::move(lines), zeek_names(request), "Zeek conn.log, JSON");
  return std::make_unique<ZeekTable>(std::move(lines), request);
}

std::unique_ptr<Table> open_suricata_table(std::unique_ptr<Source> source, const JoinRequest& request) {
  Names names;
  const auto name = [&names](Role role) -> std::string& { return names[static_cast<std::size_t>(role)]; };
  name(Role::source) = "src_ip";
  name(Role::source_port) = "src_port";
  name(Role::destination) = "dest_ip";
  name(Role::destination_port) = "dest_port";
  name(Role::protocol) = "proto";
  name(Role::start) = "timestamp";
  name(Role::label) = !request.label_field.empty() ? request.label_field : "alert.signature";
  name(Role::event) = "event_type";
  name(Role::flow_id) = "flow_id";
  name(Role::flow_start) = "flow.start";
  name(Role::flow_end) = "flow.end";
  return std::make_unique<JsonTable>(LineReader(std::move(source)), std::move(names), "Suricata EVE");
}

}  // namespace pcapml
