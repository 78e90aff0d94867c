// SPDX-License-Identifier: Apache-2.0
#include "reports.h"

#include <string>
#include <vector>

#include "text.h"

namespace nb = nanobind;

namespace pcapml::python {
namespace {

template <class T>
nb::object or_none(const std::optional<T>& value) {
  return value ? nb::cast(*value) : nb::none();
}

nb::object or_none(const std::string& text) { return text.empty() ? nb::none() : nb::object(to_str(text)); }

nb::list texts(const std::vector<std::string>& from) {
  nb::list made;
  for (const std::string& text : from) made.append(to_str(text));
  return made;
}

template <class Items, class Each>
nb::list list_of(const Items& items, Each each) {
  nb::list made;
  for (const auto& item : items) made.append(each(item));
  return made;
}

nb::dict of_names(const ResolverCounters& names) {
  nb::dict made;
  made["flows"] = names.flows;
  made["other_flows"] = names.other_flows;
  made["by_sni"] = names.by_sni;
  made["by_quic"] = names.by_quic;
  made["by_dns"] = names.by_dns;
  made["by_ech"] = names.by_ech;
  made["dns_flows"] = names.dns_flows;
  made["no_answer_before"] = names.no_answer_before;
  made["hello_without_name"] = names.hello_without_name;
  made["hello_incomplete"] = names.hello_incomplete;
  made["hello_forgotten"] = names.hello_forgotten;
  made["name_rejected"] = names.name_rejected;
  made["dns_answers"] = names.dns_answers;
  made["dns_malformed"] = names.dns_malformed;
  made["dns_names_rejected"] = names.dns_names_rejected;
  made["dns_forgotten"] = names.dns_forgotten;
  made["dns_streams_forgotten"] = names.dns_streams_forgotten;
  made["hosts_forgotten"] = names.hosts_forgotten;
  made["names_refused"] = names.names_refused;
  made["flows_forgotten"] = names.flows_forgotten;
  return made;
}

nb::dict of_rule(const RuleCount& rule) {
  nb::dict made;
  made["line"] = rule.line;
  made["sample_id"] = rule.sample_id;
  made["label"] = to_str(rule.label);
  made["packets"] = rule.packets;
  made["bytes"] = rule.bytes;
  return made;
}

nb::dict of_average(const AverageScore& average) {
  nb::dict made;
  made["precision"] = or_none(average.precision);
  made["recall"] = or_none(average.recall);
  made["f1"] = or_none(average.f1);
  return made;
}

nb::dict of_scores(const Scores& scores) {
  nb::dict made;
  made["labels"] = texts(scores.labels);
  made["cells"] = list_of(scores.cells, [](const ConfusionCell& cell) {
    return nb::make_tuple(cell.truth, cell.predicted, cell.count);
  });
  made["scores"] = list_of(scores.scores, [](const LabelScore& score) {
    nb::dict one;
    one["support"] = score.support;
    one["predicted"] = score.predicted;
    one["correct"] = score.correct;
    one["precision"] = or_none(score.precision);
    one["recall"] = or_none(score.recall);
    one["f1"] = or_none(score.f1);
    return one;
  });
  made["total"] = scores.total;
  made["correct"] = scores.correct;
  made["accuracy"] = or_none(scores.accuracy);
  made["kappa"] = or_none(scores.kappa);
  made["micro"] = of_average(scores.micro);
  made["macro"] = of_average(scores.macro);
  made["weighted"] = of_average(scores.weighted);
  return made;
}

nb::dict of_counts(const TrafficCounts& counts) {
  nb::dict made;
  made["packets"] = counts.packets;
  made["bytes"] = counts.bytes;
  made["captured_bytes"] = counts.captured_bytes;
  made["flows"] = counts.flows;
  made["non_ip_packets"] = counts.non_ip_packets;
  made["samples"] = counts.samples;
  made["first_ns"] = or_none(counts.first_ns);
  made["last_ns"] = or_none(counts.last_ns);
  return made;
}

nb::dict of_section(const SectionDescription& section) {
  nb::dict made;
  made["byte_order"] = section.order == ByteOrder::big ? "big" : "little";
  made["hardware"] = or_none(section.hardware);
  made["os"] = or_none(section.os);
  made["application"] = or_none(section.application);
  made["comments"] = texts(section.comments);
  return made;
}

nb::dict of_interface(const InterfaceDescription& interface) {
  nb::dict made;
  made["section"] = interface.section;
  made["link_type"] = interface.link_type;
  made["link_type_name"] = to_str(interface.link_type_name);
  made["snap_length"] = interface.snap_length;
  made["name"] = or_none(interface.name);
  made["description"] = or_none(interface.description);
  made["filter"] = or_none(interface.filter);
  made["os"] = or_none(interface.os);
  made["hardware"] = or_none(interface.hardware);
  made["comments"] = texts(interface.comments);
  made["packets"] = interface.packets;
  made["received"] = or_none(interface.received);
  made["dropped_by_interface"] = or_none(interface.dropped_by_interface);
  made["dropped_by_os"] = or_none(interface.dropped_by_os);
  made["dropped_between_packets"] = or_none(interface.dropped_between_packets);
  return made;
}

nb::dict of_file(const FileDescription& file) {
  nb::dict made;
  made["format"] = file.format == FileFormat::pcap ? "pcap" : "pcapng";
  made["size"] = or_none(file.size);
  made["sections"] = list_of(file.sections, of_section);
  made["interfaces"] = list_of(file.interfaces, of_interface);
  nb::dict blocks, names;
  for (const BlockCount& block : file.blocks) blocks[to_str(block.name)] = block.count;
  for (const KnownName& known : file.names) names[to_str(known.address)] = texts(known.names);
  made["blocks"] = blocks;
  made["names"] = names;
  return made;
}

nb::dict of_group(const SummaryGroup& group) {
  nb::dict made;
  made["name"] = group.kind == SummaryGroup::Kind::named ? nb::object(to_str(group.name)) : nb::none();
  made["labelled"] = group.kind != SummaryGroup::Kind::unlabeled;
  made["counts"] = of_counts(group.counts);
  return made;
}

}  // namespace

nb::dict to_dict(const InputReport& report) {
  nb::dict made;
  made["packets"] = report.counters.packets;
  made["simple_packets"] = report.counters.simple_packets;
  made["obsolete_packets"] = report.counters.obsolete_packets;
  made["legacy_sections"] = report.counters.legacy_sections;
  made["damage"] = texts(report.damage);
  made["warnings"] = texts(report.warnings);
  return made;
}

nb::dict to_dict(const LabelResult& result) {
  nb::dict made;
  made["report"] = to_dict(result.report);
  made["rules"] = list_of(result.rules, of_rule);
  made["matched"] = result.matched;
  made["matched_bytes"] = result.matched_bytes;
  made["unmatched"] = result.unmatched;
  made["unmatched_bytes"] = result.unmatched_bytes;
  made["replaced_labels"] = result.replaced_labels;
  made["skipped_files"] = result.skipped_files;
  made["samples"] = result.samples;
  made["named_packets"] = result.named_packets;
  made["flows_forgotten"] = result.flows_forgotten;
  made["fragmented_packets_incomplete"] = result.fragmented_packets_incomplete;
  made["names"] = result.names ? nb::object(of_names(*result.names)) : nb::none();
  return made;
}

nb::dict to_dict(const CompareResult& result) {
  nb::dict made;
  made["truth"] = to_dict(result.truth);
  made["test"] = to_dict(result.test);
  made["warnings"] = texts(result.warnings);
  made["pairs"] = result.pairs;
  made["truth_only"] = result.truth_only;
  made["test_only"] = result.test_only;
  made["truth_unlabeled"] = result.truth_unlabeled;
  made["test_unlabeled"] = result.test_unlabeled;
  made["packets"] = of_scores(result.packets);
  made["flows"] = of_scores(result.flows);
  made["non_ip"] = result.non_ip;
  made["fragments"] = result.fragments;
  made["unlabeled_flows"] = result.unlabeled_flows;
  return made;
}

nb::dict to_dict(const SummaryResult& result) {
  nb::dict made;
  made["report"] = to_dict(result.report);
  made["group"] = to_str(result.group);
  made["groups"] = list_of(result.groups, of_group);
  made["total"] = of_counts(result.total);
  made["outside_window"] = result.outside_window;
  made["without_time"] = result.without_time;
  made["file"] = of_file(result.file);
  return made;
}

}  // namespace pcapml::python
