// SPDX-License-Identifier: Apache-2.0
#include "cli/join_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/console.h"
#include "cli/printable.h"
#include "dataset/time_text.h"
#include "pcapml/join.h"

namespace pcapml::cli {
namespace {

std::string percent(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? "-"
                    : fmt::format("{:.1f} %", 100 * static_cast<double>(part) / static_cast<double>(whole));
}

class Rows {
 public:
  void add(std::uint64_t n, std::string_view what) { text_ += fmt::format("{:>14}  {}\n", grouped(n), what); }
  void add_if_any(std::uint64_t n, std::string_view what) {
    if (n > 0) add(n, what);
  }
  void title(std::string_view title) { text_ += fmt::format("\n{}\n", title); }
  void line(std::string_view line) { text_ += fmt::format("{}\n", line); }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

void add_packets(Rows& rows, const JoinReport& report) {
  rows.title("packets");
  rows.add(report.total.packets, "in the capture");
  rows.add(report.matched.packets, "labelled");
  rows.add_if_any(report.conflicting.packets, "claimed by records of different labels");
  rows.add(report.unmatched.packets,
           fmt::format("without a record, {}", report.kept_unmatched ? "kept" : "left out"));
  rows.add_if_any(report.not_ip, "of these not IP");
  rows.add_if_any(report.without_time, "of these without a time");
  rows.add(report.flows, "flows");
  rows.add(report.matched_flows, "of these with a labelled packet");
}

void add_records(Rows& rows, const JoinReport& report) {
  rows.title("records");
  rows.add(report.records, "in the table");
  rows.add(report.records_with_packets, "with packets");
  rows.add(report.records_without_packets, "without packets");
  rows.add_if_any(report.records_in_conflict, "in conflict with one of another label");
  rows.add_if_any(report.duplicate_records,
                  "duplicates: an earlier one of the same label has all their packets");
  rows.add_if_any(report.records_without_label, "without a label");
  rows.add_if_any(report.records_not_ip, "of traffic that is not IP");
  rows.add_if_any(report.bad_records, "that cannot be used, left out");
  rows.add_if_any(report.negative_durations, "with a negative duration, taken for 0");
  rows.add_if_any(report.blank_records, "blank rows and repeated header lines");
  rows.add_if_any(report.other_events, "events that are neither alert nor flow");
}

void add_conflicts(Rows& rows, const JoinReport& report) {
  if (report.conflicts.empty()) return;
  rows.title("worst conflicts");
  for (const RecordConflict& conflict : report.conflicts) {
    rows.add(conflict.packets, fmt::format("packets, {} records: {} {}{}{}", conflict.records,
                                           conflict.first_end, conflict.second_end,
                                           conflict.protocol.empty() ? "" : " protocol ", conflict.protocol));
    rows.line(fmt::format("{:>14}  {} to {}", "", utc_text(conflict.start_ns), utc_text(conflict.end_ns)));
    for (const auto& [line, label] : conflict.labels)
      rows.line(fmt::format("{:>14}  line {}: {}", "", line, printable(label)));
  }
}

}  // namespace

std::string join_seconds(std::int64_t ns) {
  std::string text = seconds_text(ns);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text + " s";
}

std::string join_clock_text(const JoinReport& report) {
  std::string text = report.times_are_absolute && !report.zone_found && report.zone == "UTC"
                         ? "times since 1970 or with an offset of their own"
                         : fmt::format("zone {} ({})", report.zone, report.zone_found ? "found" : "given");
  if (report.order_found)
    text += report.month_first ? ", month before day (found)" : ", day before month (found)";
  if (report.clock_found) text += report.twelve_hours ? ", 12-hour clock (found)" : ", 24-hour clock (found)";
  return text;
}

std::string join_slack_text(const JoinReport& report) {
  return fmt::format("times to {}, windows widened by {} before and {} after",
                     join_seconds(report.resolution_ns), join_seconds(report.slack_before_ns),
                     join_seconds(report.slack_after_ns));
}

std::string join_summary(const JoinReport& report) {
  std::string text = fmt::format(
      "{} of {} labelled ({}), {} without a record {}; ", grouped(report.matched.packets),
      count_of(report.total.packets, "packet"), percent(report.matched.packets, report.total.packets),
      grouped(report.unmatched.packets), report.kept_unmatched ? "kept" : "left out");
  if (report.conflicting.packets > 0)
    text += fmt::format("{} in conflict, ", grouped(report.conflicting.packets));
  text += fmt::format("{} of {} with packets", grouped(report.records_with_packets),
                      count_of(report.records, "record"));
  if (report.duplicate_records > 0)
    text += fmt::format(", {}", count_of(report.duplicate_records, "duplicate"));
  if (report.bad_records > 0) text += fmt::format(", {} bad and left out", grouped(report.bad_records));
  text += "; " + join_clock_text(report);
  if (report.replaced_labels > 0)
    text += fmt::format(", {} replaced", count_of(report.replaced_labels, "old label"));
  if (report.skipped_files > 0)
    text += fmt::format(", {} left out as no capture", count_of(report.skipped_files, "file"));
  return text;
}

std::string join_text(const JoinReport& report, const JoinRequest& request) {
  Rows rows;
  rows.line(fmt::format("capture {}", printable(request.input)));
  rows.line(fmt::format("table   {}, {}", printable(request.table), report.form));
  add_packets(rows, report);
  add_records(rows, report);
  rows.title("clock");
  rows.line("  " + join_clock_text(report));
  if (report.sampled_packets > 0)
    rows.line(fmt::format("  {} of {} sampled packets match; next best {}", grouped(report.sampled_matches),
                          grouped(report.sampled_packets), report.next_best));
  rows.line("  " + join_slack_text(report));
  rows.title("labels");
  rows.line(
      fmt::format("{:>14}  {:>15}  {:>12}  {:>12}  label", "packets", "bytes", "records", "with packets"));
  for (const LabelJoin& label : report.labels)
    rows.line(fmt::format("{:>14}  {:>15}  {:>12}  {:>12}  {}", grouped(label.labelled.packets),
                          grouped(label.labelled.bytes), grouped(label.records),
                          grouped(label.records_with_packets), printable(label.label)));
  add_conflicts(rows, report);
  return rows.take();
}

}  // namespace pcapml::cli
