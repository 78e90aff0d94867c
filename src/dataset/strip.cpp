// SPDX-License-Identifier: Apache-2.0
#include "pcapml/strip.h"

#include <fmt/format.h>

#include "dataset/capture_input.h"
#include "dataset/open_output.h"
#include "dataset/pcap_shapes.h"
#include "dataset/section_copier.h"
#include "format/synthetic_ethernet.h"
#include "label/packet_label.h"
#include "pcapml/error.h"

namespace pcapml {
namespace {

StripResult strip_to_pcapng(const StripRequest& request) {
  StripResult result;
  OutputFile output = open_output(request.output, request.output_options);
  CaptureInput input(request.input, request.input_options);
  PcapngWriter writer(output.stream());
  SectionCopier copier(writer, request.link_ethernet);
  SyntheticEthernet ethernet;
  while (const Record* record = input.next()) {
    if (record->kind != Record::Kind::packet) {
      copier.copy(*record, input.reader());
      continue;
    }
    const PacketView& packet = record->packet;
    const PacketLabel label = find_label(packet.options);
    const PacketOptions options{label.before, {}, label.after};
    writer.packet(packet.interface_id,
                  request.link_ethernet ? ethernet.apply(input.interface(packet), packet) : packet, options);
    ++result.packets;
    result.labels += label.label ? 1 : 0;
  }
  output.commit();
  input.add_to(result.report);
  return result;
}

/// nullopt where the file has to be read again because of an interface that `shapes` did not know in time.
std::optional<StripResult> strip_to_pcap(const StripRequest& request, PcapShapes& shapes) {
  StripResult result;
  OutputFile output = open_output(request.output, request.output_options);
  CaptureInput input(request.input, request.input_options);
  const bool can_begin_again =
      input.reader().source().size().has_value() && request.input != "-" && output.is_regular();
  std::optional<PcapShape> shape;
  std::optional<PcapWriter> writer;
  SyntheticEthernet ethernet;
  std::vector<Interface> interfaces;  // as the output has them
  while (const Record* record = input.next()) {
    if (record->kind == Record::Kind::interface) {
      const Interface& interface = input.reader().interfaces().back();
      interfaces.push_back(request.link_ethernet ? with_ethernet(interface) : interface);
      shapes.add(interfaces.back());
      if (shape && can_begin_again && shapes.of(shape->link_type) != *shape) return std::nullopt;
    }
    if (record->kind != Record::Kind::packet) continue;
    const Interface& interface = interfaces[record->packet.interface];
    if (!shape) {
      shape = shapes.of(interface.link_type);
      writer.emplace(output.stream(), *shape);
    }
    if (interface.link_type != shape->link_type)
      throw DataError(
          fmt::format("{}: packets of link types {} and {} cannot share a pcap file; use --format pcapng",
                      request.input, shape->link_type, interface.link_type));
    if (interface.resolution.finer_than_micro() && !shape->nano) throw_late_resolution(request.input);
    const PacketView packet = request.link_ethernet
                                  ? ethernet.apply(input.interface(record->packet), record->packet)
                                  : record->packet;
    writer->packet(packet.timestamp_ns, packet.original_length, packet.data);
    ++result.packets;
    result.labels += find_label(record->packet.options).label ? 1 : 0;
  }
  if (!writer) writer.emplace(output.stream(), shapes.first());
  output.commit();
  input.add_to(result.report);
  return result;
}

}  // namespace

StripResult strip(const StripRequest& request) {
  refuse_same_file(request.output, {request.input});
  if (request.format == OutputFormat::pcapng) return strip_to_pcapng(request);
  PcapShapes shapes;
  while (true) {
    if (auto result = strip_to_pcap(request, shapes)) return *result;
  }
}

}  // namespace pcapml
