// SPDX-License-Identifier: Apache-2.0
#include "cli/label_join.h"

#include <fmt/format.h>

#include <optional>

#include "cli/command.h"
#include "cli/join_recipe.h"
#include "cli/join_report.h"
#include "cli/printable.h"
#include "io/output_file.h"
#include "join/record_values.h"
#include "pcapml/error.h"
#include "pcapml/label_captures.h"

namespace pcapml::cli {
namespace {

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

bool is_report_name(std::string_view name) {
  return name.ends_with(".txt") || name.ends_with(".json") || name.ends_with(".html");
}

std::string report_text(std::string_view name, const JoinReport& report, const JoinRequest& request) {
  if (name.ends_with(".html")) return join_html(report, request);
  return name.ends_with(".json") ? join_json(report) : join_text(report, request);
}

/// A file beside the labelled capture, opened before the work begins so that a bad name fails at once.
class ExtraFile {
 public:
  ExtraFile(const std::string& path, const JoinRequest& request) {
    if (path.empty()) return;
    refuse_same_file(path, {request.input, request.table});
    file_.emplace(path);
  }
  explicit operator bool() const { return file_.has_value(); }
  void write(std::string_view text) {
    file_->stream().write(std::as_bytes(std::span(text)));
    file_->commit();
  }

 private:
  std::optional<OutputFile> file_;
};

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
  o.optional("--report", report_,
             "Write how well table and capture fit, by the name's end as .txt, .json or .html");
  o.optional("--save-recipe", save_recipe_,
             "Write what repeats this join: its options and the inputs' SHA-256 (JSON)");
  o.optional("--recipe", recipe_,
             "Repeat a join, in place of --from; refused where the inputs are other ones");
  o.optional("--orphan-records", request_.orphan_records, "Write the records without packets (CSV)");
  o.optional("--orphan-packets", request_.orphan_packets, "Write the packets without records (pcapng)");
}

std::vector<std::pair<const char*, bool>> JoinOptions::deciding() const {
  return {{"--columns", !request_.columns.empty()},
          {"--label-field", !request_.label_field.empty()},
          {"--zone", !zone_.empty()},
          {"--dates", !dates_.empty()},
          {"--hours", !hours_.empty()},
          {"--slack", !slack_.empty()},
          {"--conflicts", !conflicts_.empty()},
          {"--skip-bad-records", request_.skip_bad_records}};
}

void JoinOptions::refuse_options() const {
  if (!table_.empty()) throw UsageError(fmt::format("{}: a table of flows needs --from", printable(table_)));
  auto options = deciding();
  options.insert(options.end(), {{"--report", !report_.empty()},
                                 {"--save-recipe", !save_recipe_.empty()},
                                 {"--orphan-records", !request_.orphan_records.empty()},
                                 {"--orphan-packets", !request_.orphan_packets.empty()}});
  for (const auto& [name, is_there] : options)
    if (is_there) throw UsageError(fmt::format("{} goes with --from", name));
}

void JoinOptions::check(const LabelRequest& label) const {
  if (table_.empty())
    throw UsageError(fmt::format("{}: name the table, too", from_.empty() ? "--recipe" : "--from " + from_));
  if (!label.rules.empty())
    throw UsageError("labels come from rules (-l) or from records (--from), not from both");
  if (label.resolve || label.sample == SampleUnit::flow)
    throw UsageError(
        "--resolve and --sample go with rules; run `pcapml label --resolve` on what --from has labelled");
  if (!report_.empty() && !is_report_name(report_))
    throw UsageError(
        fmt::format("--report {}: its name has to end in .txt, .json or .html", printable(report_)));
  if (recipe_.empty()) return;
  auto options = deciding();
  options.insert(options.end(), {{"--from", !from_.empty()},
                                 {"--keep-unmatched", label.keep_unmatched},
                                 {"--keep-old", label.keep_old},
                                 {"--salvage", label.input_options.salvage}});
  for (const auto& [name, is_there] : options)
    if (is_there) throw UsageError(fmt::format("{} is decided by the recipe", name));
}

void JoinOptions::fill_request(const LabelRequest& label) {
  request_.input = label.input;
  request_.output = label.output;
  request_.table = table_;
  request_.source = source_of(from_);
  request_.keep_unmatched = label.keep_unmatched;
  request_.keep_old = label.keep_old;
  request_.max_fragment_bytes = label.flows.max_fragment_bytes;
  request_.input_options = label.input_options;
  request_.output_options = label.output_options;
  request_.clock.zone = zone_;
  if (!dates_.empty()) request_.clock.month_first = dates_ == "mdy";
  if (!hours_.empty()) request_.clock.twelve_hours = hours_ == "12";
  if (!slack_.empty()) request_.slack_ns = slack_of(slack_);
  request_.conflicts = conflicts_of(conflicts_);
  if (!recipe_.empty()) apply_recipe(recipe_, request_);
}

int JoinOptions::run(Console& console, const LabelRequest& label, bool json) {
  check(label);
  fill_request(label);
  if (!save_recipe_.empty()) check_recipe_inputs(request_);
  ExtraFile report_file(report_, request_), recipe_file(save_recipe_, request_);
  const JoinReport report = join_captures(request_);
  if (recipe_file) recipe_file.write(join_recipe(request_, report));
  if (report_file) report_file.write(report_text(report_, report, request_));
  if (json) console.print(join_json(report));
  console.note(join_summary(report));
  if (report.matched_percent() < kFewMatchesPercent)
    console.warn(
        fmt::format("only {:.1f} % of the packets have a record; is this the capture of the table, and are "
                    "zone and columns right?",
                    report.matched_percent()));
  return console.finish(report.input);
}

}  // namespace pcapml::cli
