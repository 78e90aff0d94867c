// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "cli/selftest_report.h"
#include "selftest/selftest.h"

namespace pcapml::cli {
namespace {

using Json = nlohmann::ordered_json;

Json counts_json(const selftest::Counts& counts) {
  return {{"packets", counts.expected}, {"right", counts.right}, {"wrong", counts.wrong},
          {"unknown", counts.unknown},  {"lost", counts.lost},   {"without_socket", counts.without_socket}};
}

}  // namespace

std::string to_json(const selftest::Result& result) {
  Json kinds = Json::array(), faults = Json::array();
  for (const auto& kind : result.kinds) {
    Json json = {{"name", kind.name}, {"title", kind.title}};
    json["skipped"] = kind.skipped.empty() ? Json(nullptr) : Json(kind.skipped);
    json.update(counts_json(kind.counts));
    kinds.push_back(json);
  }
  for (const auto& [fault, count] : result.faults)
    faults.push_back({{"kind", fault.kind},
                      {"direction", std::string(1, fault.direction)},
                      {"owner", fault.owner},
                      {"label", fault.label.empty() ? Json(nullptr) : Json(fault.label)},
                      {"surplus", fault.is_surplus},
                      {"packets", count}});
  const Json json = {{"version", result.version},
                     {"system", result.system},
                     {"machine", result.machine},
                     {"passed", result.is_perfect()},
                     {"kinds", kinds},
                     {"total", counts_json(result.total)},
                     {"strangers", result.strangers},
                     {"witness_dropped", result.witness_dropped},
                     {"faults", faults}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace pcapml::cli
