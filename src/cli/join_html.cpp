// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "cli/console.h"
#include "cli/join_report.h"
#include "cli/printable.h"
#include "dataset/time_text.h"
#include "pcapml/join.h"

namespace pcapml::cli {
namespace {

// No script at all: whatever a label holds, nothing of the page can run.
constexpr std::string_view kHead = R"(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>pcapml: table and capture joined</title>
<style>
:root { --ink: #1b1f24; --soft: #5b6470; --line: #d8dde3; --page: #fff; --good: #2f7d5b; --none: #b9c0c8; --bad: #c2543b; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8eaed; --soft: #9aa3ad; --line: #3a4149; --page: #16191d; --good: #57b58a; --none: #59626c; --bad: #e07a5f; }
}
body { margin: 2.5rem auto; max-width: 62rem; padding: 0 1.25rem; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; }
h2 { font-size: 1.1rem; margin: 2.25rem 0 .5rem; }
p { margin: .25rem 0; }
.soft { color: var(--soft); }
.warning { border-left: 4px solid var(--bad); padding: .4rem .8rem; margin: 1rem 0; }
table { border-collapse: collapse; width: 100%; }
td, th { padding: .3rem .7rem .3rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top;
  overflow-wrap: anywhere; }
th { font-weight: 600; color: var(--soft); }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; width: 9rem; padding-right: 1.2rem; }
.two { display: grid; grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)); column-gap: 3rem; }
svg { width: 100%; height: 11rem; display: block; border-bottom: 1px solid var(--line); }
.matched { fill: var(--good); } .unmatched { fill: var(--none); } .conflicting { fill: var(--bad); }
.key { display: inline-block; width: .8em; height: .8em; margin: 0 .35em; vertical-align: -.05em; }
.key.matched { background: var(--good); } .key.unmatched { background: var(--none); } .key.conflicting { background: var(--bad); }
.ends { display: flex; justify-content: space-between; }
</style>
</head>
<body>
)";

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : printable(text)) switch (c) {
      case '&': result += "&amp;"; break;
      case '<': result += "&lt;"; break;
      case '>': result += "&gt;"; break;
      case '"': result += "&quot;"; break;
      case '\'': result += "&#39;"; break;
      default: result += c;
    }
  return result;
}

/// A figure that can be found by its name in the JSON.
std::string figure(std::string_view name, std::uint64_t value) {
  return fmt::format("<data class=\"figure\" id=\"{}\" value=\"{}\">{}</data>", name, value, grouped(value));
}

/// When a piece begins; the last time there is where that would be later.
std::int64_t begin_of(const JoinTimeline& timeline, std::size_t piece) {
  std::int64_t since = 0, at = 0;
  if (__builtin_mul_overflow(static_cast<std::int64_t>(piece), timeline.piece_ns, &since) ||
      __builtin_add_overflow(timeline.start_ns, since, &at))
    return std::numeric_limits<std::int64_t>::max();
  return at;
}

class Page {
 public:
  explicit Page(const JoinReport& report) : report_(report) { text_ = kHead; }

  void introduction(const JoinRequest& request);
  void figures();
  void timeline();
  void labels();
  void conflicts();
  std::string take() { return std::move(text_) + "</body>\n</html>\n"; }

 private:
  void row(std::string_view name, std::uint64_t value, std::string_view what) {
    text_ += fmt::format("<tr><td class=\"n\">{}</td><td>{}</td></tr>\n", figure(name, value), what);
  }
  void bars(std::uint64_t highest);

  const JoinReport& report_;
  std::string text_;
};

void Page::introduction(const JoinRequest& request) {
  text_ += fmt::format("<h1>{:.1f} % of the packets have a record</h1>\n", report_.matched_percent());
  text_ += fmt::format("<p class=\"soft\">capture {}<br>table {} ({})</p>\n", escaped(request.input),
                       escaped(request.table), escaped(report_.form));
  if (report_.matched_percent() < kFewMatchesPercent)
    text_ +=
        "<p class=\"warning\">Few packets have a record: is this the capture of the table, and are zone and "
        "columns right?</p>\n";
}

void Page::figures() {
  const JoinReport& r = report_;
  text_ += "<div class=\"two\">\n<div><h2>Packets</h2>\n<table>\n";
  row("packets", r.total.packets, "in the capture");
  row("labelled.packets", r.matched.packets, "labelled");
  row("conflicting.packets", r.conflicting.packets, "claimed by records of different labels");
  row("unmatched.packets", r.unmatched.packets,
      r.kept_unmatched ? "without a record, kept without a label" : "without a record, left out");
  row("not_ip", r.not_ip, "of these not IP");
  row("without_time", r.without_time, "of these without a time");
  row("flows", r.flows, "flows");
  row("matched_flows", r.matched_flows, "of these with a labelled packet");
  text_ += "</table></div>\n<div><h2>Records</h2>\n<table>\n";
  row("records.total", r.records, "in the table");
  row("records.with_packets", r.records_with_packets, "with packets");
  row("records.without_packets", r.records_without_packets, "without packets");
  row("records.in_conflict", r.records_in_conflict, "in conflict with one of another label");
  row("records.duplicates", r.duplicate_records, "duplicates of an earlier one");
  row("records.without_label", r.records_without_label, "without a label");
  row("records.not_ip", r.records_not_ip, "of traffic that is not IP");
  row("records.bad", r.bad_records, "that cannot be used, left out");
  text_ += "</table></div>\n</div>\n<h2>Clock of the table</h2>\n";
  text_ += fmt::format("<p>{}</p>\n", escaped(join_clock_text(r)));
  if (r.sampled_packets > 0)
    text_ += fmt::format("<p class=\"soft\">{} of {} sampled packets match; next best {}</p>\n",
                         figure("clock.sampled_matches", r.sampled_matches),
                         figure("clock.sampled_packets", r.sampled_packets), escaped(r.next_best));
  text_ += fmt::format("<p class=\"soft\">{}</p>\n", escaped(join_slack_text(r)));
}

void Page::bars(std::uint64_t highest) {
  constexpr double kHeight = 100;
  const double scale = kHeight / static_cast<double>(highest);
  for (std::size_t i = 0; i < report_.timeline.pieces.size(); ++i) {
    const JoinTimeline::Piece& piece = report_.timeline.pieces[i];
    double bottom = kHeight;
    const auto bar = [&](std::string_view kind, std::uint64_t packets) {
      if (packets == 0) return;
      const double height = static_cast<double>(packets) * scale;
      bottom -= height;
      text_ += fmt::format("<rect class=\"{}\" x=\"{}\" y=\"{:.3f}\" width=\"1\" height=\"{:.3f}\"/>", kind,
                           i, bottom, height);
    };
    text_ += fmt::format("<g><title>{}: {} matched, {} without a record, {} in conflict</title>",
                         utc_text(begin_of(report_.timeline, i)), grouped(piece.matched),
                         grouped(piece.unmatched), grouped(piece.conflicting));
    bar("matched", piece.matched);
    bar("conflicting", piece.conflicting);
    bar("unmatched", piece.unmatched);
    text_ += "</g>\n";
  }
}

void Page::timeline() {
  const JoinTimeline& timeline = report_.timeline;
  if (timeline.pieces.empty()) return;
  std::uint64_t highest = 1;
  for (const JoinTimeline::Piece& piece : timeline.pieces)
    highest = std::max(highest, piece.matched + piece.unmatched + piece.conflicting);
  text_ +=
      "<h2>Packets over time</h2>\n<p class=\"soft\"><span class=\"key matched\"></span>matched"
      "<span class=\"key conflicting\"></span>in conflict<span class=\"key unmatched\"></span>without a "
      "record</p>\n";
  text_ += fmt::format(
      "<svg id=\"timeline\" viewBox=\"0 0 {} 100\" preserveAspectRatio=\"none\" role=\"img\" "
      "aria-label=\"packets over time\">\n",
      timeline.pieces.size());
  bars(highest);
  text_ += fmt::format(
      "</svg>\n<p class=\"soft ends\"><span>{}</span><span>at most {} packets in {}</span><span>{}</span>"
      "</p>\n",
      utc_text(timeline.start_ns), grouped(highest), join_seconds(timeline.piece_ns),
      utc_text(begin_of(timeline, timeline.pieces.size())));
}

void Page::labels() {
  text_ +=
      "<h2>Labels</h2>\n<table id=\"labels\">\n<tr><th class=\"n\">packets</th><th class=\"n\">bytes</th>"
      "<th class=\"n\">records</th><th class=\"n\">with packets</th><th>label</th></tr>\n";
  constexpr std::size_t kMostLabels = 1'000;
  const std::size_t shown = std::min(report_.labels.size(), kMostLabels);
  for (std::size_t i = 0; i < shown; ++i) {
    const LabelJoin& label = report_.labels[i];
    text_ += fmt::format(
        "<tr><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>"
        "<td>{}</td></tr>\n",
        grouped(label.labelled.packets), grouped(label.labelled.bytes), grouped(label.records),
        grouped(label.records_with_packets), escaped(label.label));
  }
  text_ += "</table>\n";
  if (shown < report_.labels.size())
    text_ += fmt::format("<p class=\"soft\">and {}; the JSON report has all</p>\n",
                         count_of(report_.labels.size() - shown, "more label"));
}

void Page::conflicts() {
  if (report_.conflicts.empty()) return;
  text_ +=
      "<h2>Worst conflicts</h2>\n<table id=\"conflicts\">\n<tr><th class=\"n\">packets</th><th "
      "class=\"n\">records</th>"
      "<th>flow and window</th><th>labels</th></tr>\n";
  for (const RecordConflict& conflict : report_.conflicts) {
    std::string labels;
    for (const auto& [line, label] : conflict.labels)
      labels += fmt::format("{}line {}: {}", labels.empty() ? "" : "<br>", line, escaped(label));
    text_ += fmt::format(
        "<tr><td class=\"n\">{}</td><td class=\"n\">{}</td><td>{} {}{}{}<br><span class=\"soft\">{} to {}"
        "</span></td><td>{}</td></tr>\n",
        grouped(conflict.packets), grouped(conflict.records), escaped(conflict.first_end),
        escaped(conflict.second_end), conflict.protocol.empty() ? "" : " protocol ", conflict.protocol,
        utc_text(conflict.start_ns), utc_text(conflict.end_ns), labels);
  }
  text_ += "</table>\n";
}

}  // namespace

std::string join_html(const JoinReport& report, const JoinRequest& request) {
  Page page(report);
  page.introduction(request);
  page.figures();
  page.timeline();
  page.labels();
  page.conflicts();
  return page.take();
}

}  // namespace pcapml::cli
