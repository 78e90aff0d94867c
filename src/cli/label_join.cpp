// SPDX-License-Identifier: Apache-2.0
#include "cli/label_join.h"

#include <fmt/format.h>

#include <cmath>

#include "cli/command.h"
#include "cli/join_report.h"
#include "cli/printable.h"
#include "io/output_file.h"
#include "join/record_values.h"
#include "pcapml/error.h"
#include "pcapml/label_captures.h"

namespace pcapml::cli {
namespace {

constexpr double kFewMatches = 95;  // percent
constexpr std::int64_t kNsPerSecond = 1'000'000'000;

RecordSource source_of(const std::string& word) {
  if (word == "binetflow") return RecordSource::binetflow;
  if (word == "zeek") return RecordSource::zeek;
  if (word == "zeek-labeled") return RecordSource::zeek_labeled;
  if (word == "suricata") return RecordSource::suricata;
  return RecordSource::csv;
}

Conflicts conflicts_of(const std::string& word) {
  return word == "first" ? Conflicts::first : word == "majority" ? Conflicts::majority : Conflicts::none;
}

std::int64_t slack_of(const std::string& text) {
  const auto slack = parse_duration(text, kNsPerSecond);
  if (!slack || *slack < 0) throw UsageError(fmt::format("--slack {}: is no number of seconds", text));
  return *slack;
}

}  // namespace

void JoinOptions::options(Options& o) {
  o.choice("--from", from_, {"csv", "binetflow", "zeek", "zeek-labeled", "suricata"},
           "Take labels from the records of TABLE, which one of these wrote");
  o.argument("TABLE", table_, "With --from: the table of flows, or - for standard input");
  o.optional("--columns", request_.columns,
             "Columns of a CSV: src=NAME,dst=NAME,sport=,dport=,proto=,start=,end= or duration=,label=");
  o.optional("--label-field", request_.label_field, "Column or key whose value is the label");
  o.optional("--zone", zone_, "Zone of the table's times: +02:00, Europe/Berlin, or auto (default: found)");
  o.choice("--dates", dates_, {"dmy", "mdy"}, "Order of day and month in the table (default: found)");
  o.choice("--hours", hours_, {"12", "24"}, "Hours of the table that have no AM or PM (default: found)");
  o.optional(
      "--slack", slack_,
      "Seconds by which a record's window is widened at both ends (default: what its times leave open)");
  o.choice("--conflicts", conflicts_, {"none", "first", "majority"},
           "Whose label packets get that records of different labels claim (default: none)");
  o.flag("--skip-bad-records", request_.skip_bad_records,
         "Leave out records that cannot be used, and count them");
  o.optional("--report", report_, "Write how well table and capture fit, by the name's end as .txt or .json");
  o.optional("--orphan-records", request_.orphan_records, "Write the records without packets (CSV)");
  o.optional("--orphan-packets", request_.orphan_packets, "Write the packets without records (pcapng)");
}

void JoinOptions::refuse_options() const {
  if (!table_.empty()) throw UsageError(fmt::format("{}: a table of flows needs --from", printable(table_)));
  for (const auto& [name, value] : {std::pair("--columns", &request_.columns),
                                    {"--label-field", &request_.label_field},
                                    {"--zone", &zone_},
                                    {"--dates", &dates_},
                                    {"--hours", &hours_},
                                    {"--slack", &slack_},
                                    {"--conflicts", &conflicts_},
                                    {"--report", &report_},
                                    {"--orphan-records", &request_.orphan_records},
                                    {"--orphan-packets", &request_.orphan_packets}})
    if (!value->empty()) throw UsageError(fmt::format("{} goes with --from", name));
  if (request_.skip_bad_records) throw UsageError("--skip-bad-records goes with --from");
}

int JoinOptions::run(Console& console, const LabelRequest& label, bool json) {
  if (table_.empty()) throw UsageError(fmt::format("--from {}: name the table, too", from_));
  if (!label.rules.empty())
    throw UsageError("labels come from rules (-l) or from records (--from), not from both");
  if (label.resolve || label.sample == SampleUnit::flow)
    throw UsageError(
        "--resolve and --sample go with rules; run `pcapml label --resolve` on what --from has labelled");
  request_.input = label.input;
  request_.output = label.output;
  request_.table = table_;
  request_.source = source_of(from_);
  request_.keep_unmatched = label.keep_unmatched;
  request_.max_fragment_bytes = label.flows.max_fragment_bytes;
  request_.input_options = label.input_options;
  request_.output_options = label.output_options;
  request_.clock.zone = zone_;
  if (!dates_.empty()) request_.clock.month_first = dates_ == "mdy";
  if (!hours_.empty()) request_.clock.twelve_hours = hours_ == "12";
  if (!slack_.empty()) request_.slack_ns = slack_of(slack_);
  request_.conflicts = conflicts_of(conflicts_);
  const bool text_report = report_.ends_with(".txt");
  if (!report_.empty() && !text_report && !report_.ends_with(".json"))
    throw UsageError(fmt::format("--report {}: its name has to end in .txt or .json", printable(report_)));

  const JoinReport report = join_captures(request_);
  if (!report_.empty()) {
    OutputFile file(report_);
    const std::string text = text_report ? join_text(report, request_) : join_json(report);
    file.stream().write(std::as_bytes(std::span(text)));
    file.commit();
  }
  if (json) console.print(join_json(report));
  console.note(join_summary(report));
  if (report.matched_percent() < kFewMatches)
    console.warn(
        fmt::format("only {:.1f} % of the packets have a record; is this the capture of the table, and are "
                    "zone and columns right?",
                    report.matched_percent()));
  return console.finish(report.input);
}

}  // namespace pcapml::cli
