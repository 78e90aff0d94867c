// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "cli/join_report.h"
#include "cli/json_reports.h"
#include "pcapml/join.h"

namespace pcapml::cli {
namespace {

using Json = nlohmann::ordered_json;

Json count_json(const JoinCount& count) { return {{"packets", count.packets}, {"bytes", count.bytes}}; }

Json labels_json(const JoinReport& report) {
  Json labels = Json::array();
  for (const LabelJoin& label : report.labels)
    labels.push_back({{"label", label.label},
                      {"records", label.records},
                      {"records_with_packets", label.records_with_packets},
                      {"packets", label.labelled.packets},
                      {"bytes", label.labelled.bytes}});
  return labels;
}

Json conflicts_json(const JoinReport& report) {
  Json conflicts = Json::array();
  for (const RecordConflict& conflict : report.conflicts) {
    Json labels = Json::array();
    for (const auto& [line, label] : conflict.labels) labels.push_back({{"line", line}, {"label", label}});
    conflicts.push_back({{"ends", {conflict.first_end, conflict.second_end}},
                         {"protocol", conflict.protocol},
                         {"start_ns", conflict.start_ns},
                         {"end_ns", conflict.end_ns},
                         {"packets", conflict.packets},
                         {"records", conflict.records},
                         {"labels", labels}});
  }
  return conflicts;
}

Json timeline_json(const JoinTimeline& timeline) {
  Json matched = Json::array(), unmatched = Json::array(), conflicting = Json::array();
  for (const JoinTimeline::Piece& piece : timeline.pieces) {
    matched.push_back(piece.matched);
    unmatched.push_back(piece.unmatched);
    conflicting.push_back(piece.conflicting);
  }
  return {{"start_ns", timeline.start_ns},
          {"piece_ns", timeline.piece_ns},
          {"matched", matched},
          {"unmatched", unmatched},
          {"conflicting", conflicting}};
}

Json clock_json(const JoinReport& report) {
  return {{"zone", report.zone},
          {"zone_found", report.zone_found},
          {"times_are_absolute", report.times_are_absolute},
          {"month_first", report.month_first},
          {"order_found", report.order_found},
          {"twelve_hours", report.twelve_hours},
          {"hours_found", report.clock_found},
          {"sampled_packets", report.sampled_packets},
          {"sampled_matches", report.sampled_matches},
          {"next_best", report.next_best},
          {"resolution_ns", report.resolution_ns},
          {"slack_before_ns", report.slack_before_ns},
          {"slack_after_ns", report.slack_after_ns}};
}

}  // namespace

std::string join_json(const JoinReport& report) {
  const Json json = {
      {"form", report.form},
      {"packets", report.total.packets},
      {"bytes", report.total.bytes},
      {"labelled", count_json(report.matched)},
      {"unmatched", count_json(report.unmatched)},
      {"conflicting", count_json(report.conflicting)},
      {"matched_percent", report.matched_percent()},
      {"not_ip", report.not_ip},
      {"without_time", report.without_time},
      {"flows", report.flows},
      {"matched_flows", report.matched_flows},
      {"replaced_labels", report.replaced_labels},
      {"kept_unmatched", report.kept_unmatched},
      {"skipped_files", report.skipped_files},
      {"records",
       {{"total", report.records},
        {"with_packets", report.records_with_packets},
        {"without_packets", report.records_without_packets},
        {"in_conflict", report.records_in_conflict},
        {"duplicates", report.duplicate_records},
        {"without_label", report.records_without_label},
        {"not_ip", report.records_not_ip},
        {"bad", report.bad_records},
        {"blank", report.blank_records},
        {"other_events", report.other_events},
        {"negative_durations", report.negative_durations}}},
      {"clock", clock_json(report)},
      {"labels", labels_json(report)},
      {"conflicts", conflicts_json(report)},
      {"timeline", timeline_json(report.timeline)},
      {"input",
       {{"packets", report.input.counters.packets},
        {"simple_packets", report.input.counters.simple_packets},
        {"obsolete_packets", report.input.counters.obsolete_packets},
        {"legacy_sections", report.input.counters.legacy_sections},
        {"damage", report.input.damage},
        {"warnings", report.input.warnings}}},
  };
  // A path or a label may be any bytes; JSON is UTF-8.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace pcapml::cli
