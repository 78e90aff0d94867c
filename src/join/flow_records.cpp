// SPDX-License-Identifier: Apache-2.0
#include "join/flow_records.h"

#include <fmt/format.h>

#include <algorithm>

#include "format/block.h"
#include "join/bad_record.h"
#include "join/record_values.h"
#include "label/text.h"
#include "net/ip_protocol.h"
#include "pcapml/error.h"
#include "pcapml/label.h"

namespace pcapml {
namespace {

constexpr std::size_t kMostRecords = std::size_t{1} << 29;  // two windows each, in FlowRules
constexpr std::size_t kMostMistakes = 10;                   // that one message tells
constexpr std::size_t kLongestId = 20;

std::unique_ptr<Table> open_table(const JoinRequest& request, std::unique_ptr<Source> source) {
  switch (request.source) {
    case RecordSource::csv:
    case RecordSource::binetflow: return open_csv_table(std::move(source), request);
    case RecordSource::zeek:
    case RecordSource::zeek_labeled: return open_zeek_table(std::move(source), request);
    case RecordSource::suricata: break;
  }
  return open_suricata_table(std::move(source), request);
}

class RecordReader {
 public:
  RecordReader(const JoinRequest& request, std::unique_ptr<Source> source, FlowRecords& into)
      : request_(request), table_(open_table(request, std::move(source))), into_(into) {
    into_.form = table_->name();
  }

  void read() {
    while (next()) {
    }
    if (!mistakes_.empty() && !request_.skip_bad_records) throw DataError(text_of_mistakes());
    into_.bad_examples = mistakes_;
  }

  /// Suricata tells of a flow when it is over: after its alerts.
  void settle_instants() {
    for (const auto& [id, records] : waiting_) {
      const auto window = flows_.find(id);
      for (const std::size_t index : records) {
        FlowRecord& record = into_.records[index];
        if (window == flows_.end()) {
          into_.has_instants = record.is_instant = true;
          continue;
        }
        record.start = window->second.first;
        record.end = window->second.second;
        record.has_end = true;
      }
    }
  }

 private:
  bool next() {
    try {
      const TableRow* row = table_->next();
      if (row == nullptr) return false;
      if (row->is_blank) {
        ++into_.blank;
      } else if (row->is_other) {
        ++into_.other_events;
      } else if ((*row)[Role::event] == "flow" && (*row)[Role::label].empty()) {
        add_flow(*row);
      } else {
        add(*row);
      }
    } catch (const BadRecord& error) {
      note(error);
      into_.records.emplace_back().line = error.line();  // keeps its number
    }
    return true;
  }

  void note(const BadRecord& error) {
    ++into_.bad;
    if (mistakes_.size() < kMostMistakes)
      mistakes_.push_back(fmt::format("{}:{}: {}", request_.table, error.line(), error.what()));
    if (!request_.skip_bad_records && mistakes_.size() == kMostMistakes) throw DataError(text_of_mistakes());
  }

  std::string text_of_mistakes() const {
    std::string text;
    for (const std::string& mistake : mistakes_) text += mistake + "\n";
    return text + "--skip-bad-records leaves such records out and counts them";
  }

  [[noreturn]] void complain(const TableRow& row, Role role, std::string_view what) const {
    const std::string_view value = row[role];
    throw BadRecord(row.line, value.empty()
                                  ? fmt::format("{}: there is no {}", table_->place(role), what)
                                  : fmt::format("{}: {} is no {}", table_->place(role), shown(value), what));
  }

  void add(const TableRow& row) {
    FlowRecord record;
    record.line = row.line;
    std::string_view label = row[Role::label];
    if (label.empty()) label = table_->default_label();
    bool claims = true;
    if (label.empty()) {
      ++into_.without_label;
      claims = false;
    } else if (!set_pattern(row, record.pattern)) {
      ++into_.not_ip;
      claims = false;
    }
    if (claims) {
      record.start = time(row, Role::start);
      set_end(row, record);
      record.label = number_of(label, row);
    }
    if (into_.records.size() == kMostRecords)
      throw DataError(fmt::format("{}:{}: more than {} records", request_.table, row.line, kMostRecords));
    if (claims && !row[Role::event].empty()) wait(row);
    into_.records.push_back(record);
  }

  void wait(const TableRow& row) {
    const std::string_view id = row[Role::flow_id];
    waiting_[std::string(id)].push_back(into_.records.size());
    if (row[Role::event] == "flow") add_flow(row);
  }

  void add_flow(const TableRow& row) {
    const std::string id(row[Role::flow_id]);
    if (id.empty() || waiting_.find(id) == waiting_.end()) return;
    if (row[Role::flow_start].empty() || row[Role::flow_end].empty()) return;
    flows_[id] = {time(row, Role::flow_start), time(row, Role::flow_end)};
  }

  RecordTime time(const TableRow& row, Role role) {
    const auto parsed = parse_record_time(row[role]);
    if (!parsed) complain(row, role, "time");
    into_.times.add(*parsed, row.line);
    const std::uint64_t day_first = into_.times.day_first_line(),
                        month_first = into_.times.month_first_line();
    if (day_first != 0 && month_first != 0)
      throw DataError(fmt::format("{}:{}: {}: {} puts day and month in the other order than line {}",
                                  request_.table, row.line, table_->place(role), shown(row[role]),
                                  std::min(day_first, month_first)));
    return parsed->time;
  }

  void set_end(const TableRow& row, FlowRecord& record) {
    if (!row[Role::end].empty()) {
      record.end = time(row, Role::end);
      record.has_end = true;
      return;
    }
    if (row[Role::duration].empty()) return;
    const auto duration = parse_duration(row[Role::duration], table_->duration_unit_ns());
    if (!duration) complain(row, Role::duration, "length of time");
    into_.negative_durations += *duration < 0 ? 1 : 0;
    record.duration_ns = std::max<std::int64_t>(*duration, 0);
  }

  /// False for traffic that is not IP.
  bool set_pattern(const TableRow& row, FlowPattern& pattern) {
    if (!row[Role::protocol].empty()) {
      const auto protocol = parse_protocol(row[Role::protocol]);
      if (!protocol) complain(row, Role::protocol, "protocol");
      if (!protocol->is_ip) return false;
      pattern.protocol = protocol->number;
    }
    pattern.a.address = address(row, Role::source);
    pattern.b.address = address(row, Role::destination);
    const bool portless = pattern.protocol && !transport_shape(*pattern.protocol).has_ports;
    if (portless) {
      // What tables write there for ICMP is type and code; CICFlowMeter's protocol 0 is all but TCP and UDP.
      pattern.a.port = pattern.b.port = 0;
      if (*pattern.protocol == 0) pattern.protocol.reset();
      return true;
    }
    pattern.a.port = port(row, Role::source_port);
    pattern.b.port = port(row, Role::destination_port);
    return true;
  }

  IpAddress address(const TableRow& row, Role role) {
    const auto address = parse_address(row[role]);
    if (!address) complain(row, role, "IP address");
    return *address;
  }

  std::optional<std::uint16_t> port(const TableRow& row, Role role) {
    const std::string_view text = row[role];
    if (text.empty() || text == "-") return std::nullopt;
    const auto port = parse_port(text);
    if (!port) complain(row, role, "port");
    return port;
  }

  std::uint32_t number_of(std::string_view text, const TableRow& row) {
    std::string label = utf8_of(text);  // two spellings in bytes may be one label
    const auto known = label_numbers_.find(label);
    if (known != label_numbers_.end()) return known->second;
    if (label == "<unlabeled>")
      complain(row, Role::label, "label, but what reports call packets without one");
    if (encode_text(label).size() + kLongestId > kMaxOptionLength)
      throw BadRecord(row.line, fmt::format("{}: the label takes more than the {} bytes of a comment",
                                            table_->place(Role::label), kMaxOptionLength));
    const auto number = static_cast<std::uint32_t>(into_.labels.size());
    into_.labels.push_back(label);
    label_numbers_.emplace(std::move(label), number);
    return number;
  }

  const JoinRequest& request_;
  std::unique_ptr<Table> table_;
  FlowRecords& into_;
  std::unordered_map<std::string, std::uint32_t> label_numbers_;
  std::unordered_map<std::string, std::vector<std::size_t>> waiting_;  // records by flow_id
  std::unordered_map<std::string, std::pair<RecordTime, RecordTime>> flows_;
  std::vector<std::string> mistakes_;
};

}  // namespace

FlowRecords read_flow_records(const JoinRequest& request) {
  return read_flow_records(request, open_source(request.table));
}

FlowRecords read_flow_records(const JoinRequest& request, std::unique_ptr<Source> source) {
  FlowRecords records;
  RecordReader reader(request, std::move(source), records);
  reader.read();
  reader.settle_instants();
  return records;
}

}  // namespace pcapml
