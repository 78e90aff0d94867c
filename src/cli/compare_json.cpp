// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "cli/compare_report.h"

namespace pcapml::cli {
namespace {

using Json = nlohmann::ordered_json;

Json ratio_json(const std::optional<double>& value) { return value ? Json(*value) : Json(nullptr); }

Json average_json(const AverageScore& average) {
  return {{"precision", ratio_json(average.precision)},
          {"recall", ratio_json(average.recall)},
          {"f1", ratio_json(average.f1)}};
}

Json scores_json(const Scores& scores) {
  Json labels = Json::array(), matrix = Json::array();
  for (std::size_t i = 0; i < scores.scores.size(); ++i) {
    const LabelScore& score = scores.scores[i];
    labels.push_back({{"label", scores.labels[i]},
                      {"support", score.support},
                      {"predicted", score.predicted},
                      {"correct", score.correct},
                      {"precision", ratio_json(score.precision)},
                      {"recall", ratio_json(score.recall)},
                      {"f1", ratio_json(score.f1)}});
  }
  for (const ConfusionCell& cell : scores.cells)
    matrix.push_back({{"truth", scores.labels[cell.truth]},
                      {"test", scores.labels[cell.predicted]},
                      {"count", cell.count}});
  return {{"total", scores.total},
          {"correct", scores.correct},
          {"accuracy", ratio_json(scores.accuracy)},
          {"kappa", ratio_json(scores.kappa)},
          {"micro", average_json(scores.micro)},
          {"macro", average_json(scores.macro)},
          {"weighted", average_json(scores.weighted)},
          {"averaged_labels", scores.truth_labels},
          {"undefined_precisions", scores.undefined_precisions},
          {"labels", labels},
          {"matrix", matrix}};
}

Json input_json(const InputReport& report) {
  return {{"packets", report.counters.packets},
          {"simple_packets", report.counters.simple_packets},
          {"obsolete_packets", report.counters.obsolete_packets},
          {"legacy_sections", report.counters.legacy_sections},
          {"damage", report.damage},
          {"warnings", report.warnings}};
}

}  // namespace

std::string to_json(const CompareResult& result) {
  const Json json = {{"pairs", result.pairs},
                     {"truth_only", result.truth_only},
                     {"test_only", result.test_only},
                     {"truth_unlabeled", result.truth_unlabeled},
                     {"test_unlabeled", result.test_unlabeled},
                     {"packets", scores_json(result.packets)},
                     {"flows", scores_json(result.flows)},
                     {"non_ip_packets", result.non_ip},
                     {"fragments", result.fragments},
                     {"unlabeled_flows", result.unlabeled_flows},
                     {"warnings", result.warnings},
                     {"truth", input_json(result.truth)},
                     {"test", input_json(result.test)}};
  // A label may be any bytes; JSON is UTF-8.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace pcapml::cli
