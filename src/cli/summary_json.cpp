// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "cli/summary_report.h"

namespace pcapml::cli {
namespace {

using Json = nlohmann::ordered_json;

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

void add_counts(Json& into, const TrafficCounts& counts) {
  into.update({{"packets", counts.packets},
               {"bytes", counts.bytes},
               {"captured_bytes", counts.captured_bytes},
               {"flows", counts.flows},
               {"non_ip_packets", counts.non_ip_packets},
               {"samples", counts.samples},
               {"first_ns", or_null(counts.first_ns)},
               {"last_ns", or_null(counts.last_ns)}});
}

Json group_json(const SummaryGroup& group) {
  constexpr const char* kKinds[] = {"named", "without_key", "unlabeled"};
  Json json = {{"name", group.name}, {"kind", kKinds[static_cast<std::size_t>(group.kind)]}};
  add_counts(json, group.counts);
  return json;
}

Json section_json(const SectionDescription& section, bool is_pcap) {
  Json json = {{"hardware", section.hardware},
               {"os", section.os},
               {"application", section.application},
               {"comments", section.comments}};
  if (!is_pcap) json["byte_order"] = section.order == ByteOrder::big ? "big" : "little";
  return json;
}

Json interface_json(const InterfaceDescription& interface) {
  return {{"section", interface.section},
          {"name", interface.name},
          {"description", interface.description},
          {"link_type", interface.link_type},
          {"link_type_name", interface.link_type_name},
          {"snap_length", interface.snap_length},
          {"resolution_base", interface.resolution.is_binary() ? 2 : 10},
          {"resolution_exponent", -interface.resolution.exponent()},
          {"offset_seconds", interface.offset_seconds},
          {"offset_ns", interface.offset_ns},
          {"filter", interface.filter},
          {"os", interface.os},
          {"hardware", interface.hardware},
          {"comments", interface.comments},
          {"packets", interface.packets},
          {"received", or_null(interface.received)},
          {"dropped_by_interface", or_null(interface.dropped_by_interface)},
          {"dropped_by_os", or_null(interface.dropped_by_os)},
          {"dropped_between_packets", or_null(interface.dropped_between_packets)}};
}

Json file_json(const FileDescription& file) {
  const bool is_pcap = file.format == FileFormat::pcap;
  Json sections = Json::array(), interfaces = Json::array(), blocks = Json::array(), names = Json::array();
  for (const auto& section : file.sections) sections.push_back(section_json(section, is_pcap));
  for (const auto& interface : file.interfaces) interfaces.push_back(interface_json(interface));
  for (const auto& block : file.blocks) blocks.push_back({{"name", block.name}, {"count", block.count}});
  for (const auto& known : file.names) names.push_back({{"address", known.address}, {"names", known.names}});
  return {{"format", is_pcap ? "pcap" : "pcapng"},
          {"size", or_null(file.size)},
          {"section_count", file.section_count},
          {"interface_count", file.interface_count},
          {"name_count", file.name_count},
          {"sections", sections},
          {"interfaces", interfaces},
          {"blocks", blocks},
          {"names", names}};
}

}  // namespace

std::string to_json(const SummaryResult& result) {
  Json groups = Json::array();
  for (const auto& group : result.groups) groups.push_back(group_json(group));
  Json total = Json::object();
  add_counts(total, result.total);
  const Json json = {{"group", result.group},
                     {"groups", groups},
                     {"total", total},
                     {"outside_window", result.outside_window},
                     {"without_time", result.without_time},
                     {"file", file_json(result.file)},
                     {"input",
                      {{"packets", result.report.counters.packets},
                       {"simple_packets", result.report.counters.simple_packets},
                       {"obsolete_packets", result.report.counters.obsolete_packets},
                       {"legacy_sections", result.report.counters.legacy_sections},
                       {"damage", result.report.damage},
                       {"warnings", result.report.warnings}}}};
  // Names may be any bytes; JSON is UTF-8.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace pcapml::cli
