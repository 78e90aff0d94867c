// SPDX-License-Identifier: Apache-2.0
#include "cli/json_reports.h"

#include <nlohmann/json.hpp>

#include "pcapml/label_captures.h"
#include "pcapml/mark.h"
#include "pcapml/merge.h"
#include "pcapml/sort.h"
#include "pcapml/split.h"
#include "pcapml/strip.h"

namespace pcapml::cli {
namespace {

using Json = nlohmann::ordered_json;

Json input_json(const InputReport& report) {
  return {{"packets", report.counters.packets},
          {"simple_packets", report.counters.simple_packets},
          {"obsolete_packets", report.counters.obsolete_packets},
          {"legacy_sections", report.counters.legacy_sections},
          {"damage", report.damage},
          {"warnings", report.warnings}};
}

Json names_json(const ResolverCounters& names) {
  return {{"flows", names.flows},
          {"other_flows", names.other_flows},
          {"sni", names.by_sni},
          {"quic", names.by_quic},
          {"dns", names.by_dns},
          {"ech", names.by_ech},
          {"dns_flows", names.dns_flows},
          {"no_answer_before", names.no_answer_before},
          {"hello_without_name", names.hello_without_name},
          {"hello_incomplete", names.hello_incomplete},
          {"hello_forgotten", names.hello_forgotten},
          {"name_rejected", names.name_rejected},
          {"dns_answers", names.dns_answers},
          {"dns_malformed", names.dns_malformed},
          {"dns_names_rejected", names.dns_names_rejected},
          {"dns_forgotten", names.dns_forgotten},
          {"dns_streams_forgotten", names.dns_streams_forgotten},
          {"hosts_forgotten", names.hosts_forgotten},
          {"names_forgotten", names.names_forgotten},
          {"names_refused", names.names_refused},
          {"flows_forgotten", names.flows_forgotten}};
}

// A path or a name may be any bytes; JSON is UTF-8.
std::string text(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string to_json(const LabelResult& result) {
  Json rules = Json::array();
  for (const auto& rule : result.rules) {
    Json row = {{"line", rule.line}};
    if (result.sample == SampleUnit::rule) row["sample_id"] = rule.sample_id;
    row.update({{"label", rule.label}, {"packets", rule.packets}, {"bytes", rule.bytes}});
    rules.push_back(row);
  }
  return text({{"matched", result.matched},
               {"unmatched", result.unmatched},
               {"kept_unmatched", result.kept_unmatched},
               {"replaced_labels", result.replaced_labels},
               {"skipped_files", result.skipped_files},
               {"samples", result.samples},
               {"named_packets", result.named_packets},
               {"flows_forgotten", result.flows_forgotten},
               {"fragmented_packets_incomplete", result.fragmented_packets_incomplete},
               {"names", result.names ? names_json(*result.names) : Json(nullptr)},
               {"rules", rules},
               {"input", input_json(result.report)}});
}

std::string to_json(const MarkResult& result) {
  const auto activity = [](const std::optional<Activity>& of) {
    return of ? Json{{"label", of->label}, {"start_ns", of->start_ns}} : Json(nullptr);
  };
  return text(
      {{"now_ns", result.now_ns}, {"ended", activity(result.ended)}, {"begun", activity(result.begun)}});
}

std::string to_json(const MergeResult& result) {
  return text({{"packets", result.packets},
               {"samples", result.samples},
               {"unlabeled", result.unlabeled},
               {"inputs", result.inputs},
               {"input", input_json(result.report)}});
}

std::string to_json(const SortResult& result) {
  return text({{"packets", result.packets},
               {"samples", result.samples},
               {"unlabeled", result.unlabeled},
               {"input", input_json(result.report)}});
}

std::string to_json(const SplitResult& result) {
  return text({{"packets", result.packets},
               {"samples", result.samples},
               {"files", result.files},
               {"unlabeled", result.unlabeled},
               {"input", input_json(result.report)}});
}

std::string to_json(const StripResult& result) {
  return text(
      {{"packets", result.packets}, {"labels_removed", result.labels}, {"input", input_json(result.report)}});
}

}  // namespace pcapml::cli
