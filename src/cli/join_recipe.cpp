// SPDX-License-Identifier: Apache-2.0
#include "cli/join_recipe.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/printable.h"
#include "dataset/capture_input.h"
#include "join/sha256.h"
#include "pcapml/error.h"
#include "pcapml/join.h"
#include "pcapml/source.h"

namespace pcapml::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kVersion = 1;
constexpr std::size_t kLargestRecipe = std::size_t{16} << 20;

constexpr std::array kSources = {"csv", "binetflow", "zeek", "zeek-labeled", "suricata"};
constexpr std::array kConflicts = {"none", "first", "majority"};
constexpr std::array kLegacy = {"auto", "yes", "no"};

template <class Enum, std::size_t N>
std::string word_of(Enum value, const std::array<const char*, N>& words) {
  return words[static_cast<std::size_t>(value)];
}

template <class Enum, std::size_t N>
Enum value_of(const Json& json, const std::array<const char*, N>& words) {
  const auto word = json.get<std::string>();
  const auto found = std::find(words.begin(), words.end(), word);
  if (found == words.end()) throw std::invalid_argument(word);
  return static_cast<Enum>(found - words.begin());
}

void check_hashable(const std::string& path) {
  if (path == "-" || !std::filesystem::is_regular_file(path))
    throw UsageError(fmt::format("{}: a recipe holds hashes of files, and this is none",
                                 path == "-" ? "standard input" : printable(path)));
}

Json inputs_json(const JoinRequest& request) {
  std::vector<std::string> skipped;
  Json captures = Json::array();
  for (const InputFile& file : list_captures(request.input, skipped)) {
    captures.push_back({{"name", file.relative}, {"sha256", sha256_of_file(file.path)}});
  }
  return {{"captures", captures},
          {"table",
           {{"name", std::filesystem::path(request.table).filename().string()},
            {"sha256", sha256_of_file(request.table)}}}};
}

std::string read_whole(const std::string& path) {
  const auto source = open_source(path);
  std::string text(kLargestRecipe, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const std::size_t got = source->read(std::as_writable_bytes(std::span(text).subspan(size)));
    if (got == 0) break;
    size += got;
  }
  if (size == text.size())
    throw DataError(fmt::format("{}: is no recipe, but larger than one", printable(path)));
  text.resize(size);
  return text;
}

void check_inputs(const Json& recipe, const JoinRequest& request, const std::string& path) {
  check_recipe_inputs(request);
  const Json here = inputs_json(request);
  const auto differs = [&](const std::string& what, const Json& wanted) {
    return DataError(fmt::format("{}: {} is not the file of the recipe, {} with SHA-256 {}", printable(path),
                                 printable(what), printable(wanted.at("name").get<std::string>()),
                                 printable(wanted.at("sha256").get<std::string>())));
  };
  const Json& captures = recipe.at("captures");
  if (captures.size() != here.at("captures").size())
    throw DataError(fmt::format("{}: the recipe is of {} captures, and {} holds {}", printable(path),
                                captures.size(), printable(request.input), here.at("captures").size()));
  for (std::size_t i = 0; i < captures.size(); ++i)
    if (captures.at(i).at("sha256") != here.at("captures").at(i).at("sha256"))
      throw differs(here.at("captures").at(i).at("name").get<std::string>(), captures.at(i));
  if (recipe.at("table").at("sha256") != here.at("table").at("sha256"))
    throw differs(request.table, recipe.at("table"));
}

}  // namespace

void check_recipe_inputs(const JoinRequest& request) {
  std::vector<std::string> skipped;
  for (const InputFile& file : list_captures(request.input, skipped)) check_hashable(file.path);
  check_hashable(request.table);
}

std::string join_recipe(const JoinRequest& request, const JoinReport& report) {
  const bool has_zone = report.zone_found || !request.clock.zone.empty();
  Json json = {{"pcapml_recipe", kVersion}};
  json.update(inputs_json(request));
  json.update({{"from", word_of(request.source, kSources)},
               {"columns", request.columns},
               {"label_field", request.label_field},
               {"zone", has_zone ? report.zone : ""},
               {"month_first", report.month_first},
               {"twelve_hours", report.twelve_hours},
               {"slack_ns", request.slack_ns ? Json(*request.slack_ns) : Json(nullptr)},
               {"conflicts", word_of(request.conflicts, kConflicts)},
               {"keep_unmatched", request.keep_unmatched},
               {"keep_old", request.keep_old},
               {"skip_bad_records", request.skip_bad_records},
               {"max_fragment_bytes", request.max_fragment_bytes},
               {"salvage", request.input_options.salvage},
               {"legacy_timestamps", word_of(request.input_options.legacy_timestamps, kLegacy)},
               {"labelled_packets", report.matched.packets}});
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

void apply_recipe(const std::string& path, JoinRequest& request) {
  try {
    const Json recipe = Json::parse(read_whole(path));
    if (recipe.at("pcapml_recipe").get<int>() != kVersion)
      throw DataError(fmt::format("{}: a recipe of version {}, of which this program knows {}",
                                  printable(path), recipe.at("pcapml_recipe").get<int>(), kVersion));
    check_inputs(recipe, request, path);
    request.source = value_of<RecordSource>(recipe.at("from"), kSources);
    request.columns = recipe.at("columns").get<std::string>();
    request.label_field = recipe.at("label_field").get<std::string>();
    request.clock.zone = recipe.at("zone").get<std::string>();
    request.clock.month_first = recipe.at("month_first").get<bool>();
    request.clock.twelve_hours = recipe.at("twelve_hours").get<bool>();
    request.slack_ns.reset();
    if (!recipe.at("slack_ns").is_null()) request.slack_ns = recipe.at("slack_ns").get<std::int64_t>();
    request.conflicts = value_of<Conflicts>(recipe.at("conflicts"), kConflicts);
    request.keep_unmatched = recipe.at("keep_unmatched").get<bool>();
    request.keep_old = recipe.value("keep_old", false);
    request.skip_bad_records = recipe.at("skip_bad_records").get<bool>();
    request.max_fragment_bytes = recipe.at("max_fragment_bytes").get<std::size_t>();
    request.input_options.salvage = recipe.at("salvage").get<bool>();
    request.input_options.legacy_timestamps =
        value_of<LegacyTimestamps>(recipe.at("legacy_timestamps"), kLegacy);
  } catch (const Json::exception& error) {
    throw DataError(fmt::format("{}: is no recipe: {}", printable(path), printable(error.what())));
  } catch (const std::invalid_argument& error) {
    throw DataError(
        fmt::format("{}: is no recipe: it knows no '{}'", printable(path), printable(error.what())));
  }
}

}  // namespace pcapml::cli
