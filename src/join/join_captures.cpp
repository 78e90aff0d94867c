// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "dataset/open_output.h"
#include "join/clock_search.h"
#include "join/joiner.h"
#include "join/orphans.h"
#include "pcapml/error.h"
#include "pcapml/join.h"

namespace pcapml {
namespace {

void check(const JoinRequest& request) {
  if (request.source == RecordSource::zeek && request.label_field.empty())
    throw UsageError(
        "--from zeek: conn.log has no label of its own; name the field that is to be it with --label-field, "
        "for "
        "example `service`");
  const bool has_columns = request.source == RecordSource::csv || request.source == RecordSource::binetflow;
  if (!request.columns.empty() && !has_columns)
    throw UsageError("--columns names the columns of --from csv; the others name theirs themselves");
  if (request.table == "-" && request.input == "-")
    throw UsageError("both the capture and the table from standard input: name a file for one of them");
}

void refuse_same_files(const JoinRequest& request, const std::vector<InputFile>& files) {
  std::vector<std::string> inputs = {request.table};
  for (const InputFile& file : files) inputs.push_back(file.path);
  for (const std::string& output : {request.output, request.orphan_records, request.orphan_packets})
    if (!output.empty()) {
      refuse_same_file(output, inputs);
      if (output != "-") inputs.push_back(output);
    }
}

void check_rereadable(const JoinRequest& request, OpenClock open, const FlowRecords& records) {
  std::string wanted;
  if (open.zone) wanted += " --zone";
  if (open.order) wanted += " --dates";
  if (open.hours) wanted += " --hours";
  const std::string pipe = request.input == "-" ? "standard input" : request.input;
  if (open.any())
    throw UsageError(
        fmt::format("{} cannot be read twice, which it takes to find out how the table's times are to be "
                    "read; tell with{}",
                    pipe, wanted));
  if (records.has_instants)
    throw UsageError(
        fmt::format("{} cannot be read twice, which it takes to find the flows of alerts that the table "
                    "has no flow event for",
                    pipe));
}

void add_to(JoinReport& report, const FlowRecords& records) {
  report.form = records.form;
  report.records = records.records.size();
  report.records_without_label = records.without_label;
  report.records_not_ip = records.not_ip;
  report.bad_records = records.bad;
  report.blank_records = records.blank;
  report.other_events = records.other_events;
  report.negative_durations = records.negative_durations;
  auto& warnings = report.input.warnings;
  warnings.insert(warnings.end(), records.bad_examples.begin(), records.bad_examples.end());
}

void add_to(JoinReport& report, const TableClock& clock, OpenClock open, const FlowRecords& records) {
  report.zone = clock.zone.name();
  report.zone_found = open.zone;
  report.order_found = open.order;
  report.clock_found = open.hours;
  report.times_are_absolute = !records.times.has_local_times();
  report.month_first = clock.reading.month_first;
  report.twelve_hours = clock.reading.twelve_hours;
  report.resolution_ns = records.times.resolution_ns();
  report.slack_before_ns = clock.slack_before_ns;
  report.slack_after_ns = clock.slack_after_ns;
}

}  // namespace

double JoinReport::matched_percent() const {
  if (total.packets == 0) return 100;
  return 100 * static_cast<double>(total.packets - unmatched.packets) / static_cast<double>(total.packets);
}

JoinReport join_captures(const JoinRequest& request) {
  check(request);
  std::vector<std::string> skipped;
  const std::vector<InputFile> files = list_captures(request.input, skipped);
  refuse_same_files(request, files);
  JoinReport report;
  report.skipped_files = skipped.size();
  FlowRecords records = read_flow_records(request);
  add_to(report, records);
  const OpenClock open = open_clock(request, records);
  TableClock clock = known_clock(request, records);
  const bool twice = open.any() || records.has_instants;
  if (twice && !can_read_twice(files)) check_rereadable(request, open, records);

  OutputFile output = open_output(request.output, request.output_options);
  OrphanFiles orphans(request);
  ReadingProgress progress(request.input_options.progress, files, twice ? 2 : 1);
  if (twice) {
    Survey survey(request, records);
    survey.read(files, progress);
    if (open.any()) search_clock(records, survey.packets(), open, clock, report);
    survey.set_windows(records, clock);
  }
  add_to(report, clock, open, records);
  const FlowRules rules = rules_of(records, clock);
  Claims claims(records, rules, request.conflicts);
  Joiner joiner(request, records, rules, claims, progress, output.stream(), orphans, report);
  for (const InputFile& file : files) joiner.join(file);
  joiner.finish();
  claims.add_to(report);
  orphans.write_records(records, claims, clock);
  output.commit();
  orphans.commit();
  report.kept_unmatched = request.keep_unmatched;
  return report;
}

}  // namespace pcapml
