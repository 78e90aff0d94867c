// SPDX-License-Identifier: Apache-2.0
#include "cli/doctor_report.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/printable.h"
#include "pcapml/doctor.h"

namespace pcapml::cli {
namespace {

const char* word_of(CheckState state) {
  if (state == CheckState::ok) return "ok";
  return state == CheckState::note ? "note" : "missing";
}

}  // namespace

std::string text_of(const Diagnosis& diagnosis) {
  std::string text, problems, remedies;
  for (const Check& check : diagnosis.checks) {
    text += fmt::format("{:<8} {:<11} {}\n", word_of(check.state), check.name, printable(check.text));
    if (check.state != CheckState::missing) continue;
    problems += (problems.empty() ? "" : ", ") + check.name;
    if (!check.remedy.empty()) remedies += fmt::format("  {}: {}\n", check.name, printable(check.remedy));
  }
  if (diagnosis.works()) return text + "capture will work here\n";
  return text + "capture will not work here: " + problems + "\n" + remedies;
}

std::string to_json(const Diagnosis& diagnosis) {
  nlohmann::ordered_json checks = nlohmann::ordered_json::array();
  for (const Check& check : diagnosis.checks)
    checks.push_back({{"name", check.name},
                      {"state", word_of(check.state)},
                      {"text", check.text},
                      {"remedy", check.remedy}});
  const nlohmann::ordered_json json = {{"works", diagnosis.works()}, {"checks", checks}};
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace pcapml::cli
