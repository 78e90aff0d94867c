// SPDX-License-Identifier: Apache-2.0
#include "table_columns.h"

#include <algorithm>
#include <string_view>

#include "pcapml/error.h"
#include "text_dictionary.h"

namespace pcapml::python {
namespace {

struct Core {
  std::string_view name;
  Kind kind;
};

constexpr Core kCore[] = {
    {"timestamp", Kind::timestamp},
    {"sample_id", Kind::sample_id},
    {"label", Kind::label},
    {"direction", Kind::direction},
    {"dst", Kind::dst},
    {"src_ip", Kind::src_ip},
    {"dst_ip", Kind::dst_ip},
    {"proto", Kind::proto},
    {"src_port", Kind::src_port},
    {"dst_port", Kind::dst_port},
    {"length", Kind::length},
    {"raw", Kind::raw},
    {"session", Kind::session},
};

constexpr std::string_view kMeta = "meta_";

std::vector<Column> core_columns(const TableOptions& options, bool include_raw) {
  std::vector<Column> chosen;
  for (const auto& [name, kind] : kCore) {
    if (kind == Kind::raw && !include_raw) continue;
    if (kind == Kind::session && !options.with_session) continue;
    chosen.push_back({std::string(name), kind, {}});
  }
  return chosen;
}

bool has(const std::vector<Column>& columns, std::string_view name) {
  return std::any_of(columns.begin(), columns.end(),
                     [&](const Column& column) { return column.name == name; });
}

Column column_named(const std::string& name, const std::vector<Column>& core) {
  for (const Column& column : core)
    if (column.name == name) return column;
  if (name.starts_with(kMeta) && has(core, name.substr(kMeta.size())))
    return {name, Kind::key, name.substr(kMeta.size())};
  return {name, Kind::key, name};
}

}  // namespace

std::vector<Column> choose_columns(const TableOptions& options, const std::vector<std::string>& keys) {
  const std::vector<Column> core = core_columns(options, true);
  std::vector<Column> chosen;
  if (options.columns) {
    for (const std::string& name : *options.columns) {
      if (has(chosen, name)) throw UsageError("the column `" + name + "` was asked for twice");
      chosen.push_back(column_named(name, core));
    }
    return chosen;
  }
  chosen = core_columns(options, options.include_raw);
  for (const std::string& key : keys) {
    std::string name = key;
    while (has(core, name) || has(chosen, name)) name.insert(0, kMeta);
    chosen.push_back({std::move(name), Kind::key, key});
  }
  return chosen;
}

FieldType type_of(const Column& column, bool plain_text) {
  switch (column.kind) {
    case Kind::timestamp: return {column.name, "tsn:UTC", ""};
    case Kind::src_port:
    case Kind::dst_port: return {column.name, "S", ""};
    case Kind::length: return {column.name, "I", ""};
    case Kind::raw: return {column.name, "Z", ""};
    default: return text_type(column.name, plain_text);
  }
}

}  // namespace pcapml::python
