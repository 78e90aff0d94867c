// SPDX-License-Identifier: Apache-2.0
#include "pcapml/split.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "dataset/capture_input.h"
#include "dataset/output_directory.h"
#include "dataset/packet_index.h"
#include "dataset/pcap_shapes.h"
#include "dataset/sample_capture.h"
#include "dataset/sample_files.h"
#include "dataset/sample_metadata.h"
#include "format/synthetic_ethernet.h"
#include "label/packet_label.h"

namespace pcapml {
namespace {

/// An interface came whose finer times the files written so far cannot hold.
struct BeginAgain {};

class Splitter {
 public:
  Splitter(const SplitRequest& request, PcapShapes& shapes)
      : request_(request),
        shapes_(shapes),
        input_(request.input, request.input_options),
        directory_(request.output, request.force, {request.input}),
        files_(directory_.descriptor(), request.output) {}

  SplitResult run() {
    while (const Record* record = input_.next()) {
      switch (record->kind) {
        case Record::Kind::packet: add(record->packet); break;
        case Record::Kind::interface: add_interface(); break;
        case Record::Kind::block:
          if (request_.format == OutputFormat::pcapng) keep(record->block);
          break;
        case Record::Kind::section:
          first_interface_ = static_cast<std::uint32_t>(input_.reader().interfaces().size());
          break;
      }
    }
    finish_captures();
    write_metadata();
    files_.finish();
    directory_.commit();
    warn_of_several_labels();
    input_.add_to(result_.report);
    result_.samples = samples_.size();
    return std::move(result_);
  }

 private:
  struct Capture {
    std::uint16_t link_type;
    bool nano;
    SampleFile* file;
    std::optional<PcapWriter> pcap;
    std::optional<SamplePcapng> pcapng;
    CaptureMetadata metadata;
  };
  struct Sample {
    SampleMetadata metadata;
    std::vector<Capture> captures;  // one for each link type; one in all as pcapng
  };

  void add_interface() {
    const Interface& interface = input_.reader().interfaces().back();
    interfaces_.push_back(request_.link_ethernet ? with_ethernet(interface) : interface);
    shapes_.add(interfaces_.back());
  }

  void keep(const BlockView& block) {
    blocks_.push_back({block.type, block.order, {block.body.begin(), block.body.end()}, first_interface_});
  }

  void add(const PacketView& packet) {
    const PacketLabel label = find_label(packet.options);
    if (!label.label) {
      ++result_.unlabeled;
      return;
    }
    const std::uint32_t number = ids_.intern(label.label->sample_id);
    if (number == samples_.size()) samples_.emplace_back();
    Sample& sample = samples_[number];
    sample.metadata.add(*label.label, number);
    Capture& capture = capture_for(sample, interfaces_[packet.interface], packet);
    const PacketView written =
        request_.link_ethernet ? ethernet_.apply(input_.interface(packet), packet) : packet;
    if (capture.pcap) {
      capture.pcap->packet(written.timestamp_ns, written.original_length, written.data);
    } else {
      capture.pcapng->packet(written, interfaces_[packet.interface], blocks_);
    }
    capture.metadata.add(packet);
    ++result_.packets;
    files_.write_some();
  }

  Capture& capture_for(Sample& sample, const Interface& interface, const PacketView& packet) {
    const bool as_pcap = request_.format == OutputFormat::pcap;
    for (Capture& capture : sample.captures) {
      if (as_pcap && capture.link_type != interface.link_type) continue;
      if (as_pcap && interface.resolution.finer_than_micro() && !capture.nano) {
        if (input_.reader().source().size() && request_.input != "-") throw BeginAgain{};
        throw_late_resolution(request_.input);
      }
      return capture;
    }
    std::string name = sample.metadata.file_stem();
    if (!sample.captures.empty()) name += fmt::format("_link{}", interface.link_type);
    SampleFile& file = files_.create(name + (as_pcap ? ".pcap" : ".pcapng"));
    Capture& capture = sample.captures.emplace_back();
    capture.link_type = interface.link_type;
    capture.file = &file;
    if (as_pcap) {
      const PcapShape& shape = shapes_.of(interface.link_type);
      capture.nano = shape.nano;
      capture.pcap.emplace(file, shape);
    } else {
      const Interface& original = input_.interface(packet);
      capture.pcapng.emplace(file, input_.reader().sections()[original.section]);
    }
    ++result_.files;
    return capture;
  }

  void finish_captures() {
    std::size_t opaque = 0;
    for (Sample& sample : samples_)
      for (Capture& capture : sample.captures) {
        if (!capture.pcapng) continue;
        capture.pcapng->finish(blocks_);
        opaque += capture.pcapng->is_opaque() ? 1 : 0;
        files_.write_some();
      }
    if (opaque > 0)
      result_.report.warnings.push_back(
          fmt::format("{} files hold blocks or options of unknown meaning from a section "
                      "of the other byte order; they stay as they were",
                      opaque));
  }

  void write_metadata() {
    SampleFile& table = files_.create("metadata.csv");
    const auto write = [&](const std::string& text) {
      std::copy_n(as_bytes(text).data(), text.size(), table.append(text.size()));
    };
    write(metadata_header());
    for (const Sample& sample : samples_)
      for (const Capture& capture : sample.captures) {
        write(metadata_record(capture.file->name(), sample.metadata, capture.metadata));
        files_.write_some();
      }
  }

  void warn_of_several_labels() {
    constexpr std::size_t kMost = 10;
    std::size_t count = 0;
    for (const Sample& sample : samples_) {
      if (sample.metadata.labels().size() < 2 || ++count > kMost) continue;
      result_.report.warnings.push_back(fmt::format("sample {} has {} labels; its file bears the first, {}",
                                                    sample.metadata.id(), sample.metadata.labels().size(),
                                                    sample.metadata.labels().front()));
    }
    if (count > kMost)
      result_.report.warnings.push_back(
          fmt::format("{} more samples have several labels; see metadata.csv", count - kMost));
  }

  const SplitRequest& request_;
  PcapShapes& shapes_;
  CaptureInput input_;
  OutputDirectory directory_;
  SampleFiles files_;
  SplitResult result_;
  SampleIds ids_;
  std::vector<Sample> samples_;
  std::vector<Interface> interfaces_;  // as the output has them
  std::vector<SharedBlock> blocks_;
  std::uint32_t first_interface_ = 0;
  SyntheticEthernet ethernet_;
};

}  // namespace

SplitResult split(const SplitRequest& request) {
  PcapShapes shapes;
  while (true) {
    try {
      return Splitter(request, shapes).run();
    } catch (const BeginAgain&) {
      // `shapes` knows the interface now.
    }
  }
}

}  // namespace pcapml
