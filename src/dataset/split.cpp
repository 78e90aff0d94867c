// SPDX-License-Identifier: Apache-2.0
#include "pcapml/split.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "dataset/block_spool.h"
#include "dataset/capture_input.h"
#include "dataset/memory_cap.h"
#include "dataset/output_directory.h"
#include "dataset/packet_index.h"
#include "dataset/pcap_shapes.h"
#include "dataset/sample_files.h"
#include "dataset/sample_store.h"
#include "dataset/split_sample.h"
#include "format/synthetic_ethernet.h"
#include "label/packet_label.h"

namespace pcapml {
namespace {

/// What reading and writing hold, whatever the input.
constexpr std::uint64_t kStreams = std::uint64_t{3} << 20;

/// An interface came whose finer times the files written so far cannot hold.
struct BeginAgain {};

class Splitter {
 public:
  Splitter(const SplitRequest& request, PcapShapes& shapes)
      : request_(request),
        shapes_(shapes),
        memory_bytes_(memory_cap(request.memory.bytes) - kStreams),
        input_(request.input, request.input_options),
        directory_(request.output, request.force, {request.input}),
        files_(directory_.descriptor(), request.output, memory_bytes_ / 5),
        temporary_directory_(request.memory.temporary_directory.empty() ? temporary_directory(request.output)
                                                                        : request.memory.temporary_directory),
        blocks_(temporary_directory_) {}

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
    result_.samples = sample_count_;
    return std::move(result_);
  }

 private:
  void add_interface() {
    const Interface& interface = input_.reader().interfaces().back();
    interfaces_.push_back(request_.link_ethernet ? with_ethernet(interface) : interface);
    shapes_.add(interfaces_.back());
  }

  void keep(const BlockView& block) { blocks_.add(block, first_interface_); }

  void add(const PacketView& packet) {
    const PacketLabel label = find_label(packet.options);
    if (!label.label) {
      ++result_.unlabeled;
      return;
    }
    SplitSample& sample = sample_of(*label.label);
    const std::size_t labels = sample.metadata.labels().size(), captures = sample.captures.size();
    sample.metadata.add(*label.label, sample.number);
    SplitCapture& capture = capture_for(sample, interfaces_[packet.interface], packet);
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
    if (captures != sample.captures.size()) {
      sample_bytes_ += sample.memory_bytes();
    } else if (labels != sample.metadata.labels().size()) {
      sample_bytes_ += sizeof(std::string) + sample.metadata.labels().back().capacity();
    }
    if (sample_bytes_ > memory_bytes_ / 4 && samples_.size() > kFewSamples) put_away();
  }

  /// The sample of a label: among those at hand, among those put away, or a new one.
  SplitSample& sample_of(const LabelView& label) {
    const std::uint32_t place = ids_.intern(label.sample_id);
    if (place < samples_.size()) return samples_[place];
    std::optional<std::uint64_t> number;
    if (store_) {
      const std::string_view id = canonical_sample_id(label.sample_id);
      number = store_->find(id, [&](Bytes state) { return SplitSample::id_of(StateReader(state)) == id; });
    }
    if (number) {
      samples_.push_back(SplitSample::load(StateReader(store_->load(*number)), files_));
      sample_bytes_ += samples_.back().memory_bytes();
    } else {
      samples_.emplace_back().number = sample_count_++;
    }
    return samples_.back();
  }

  /// Puts all samples away, so that memory holds others.
  void put_away() {
    if (!store_) store_.emplace(temporary_directory_);
    // New ones are among them in the order of their numbers.
    for (const SplitSample& sample : samples_) {
      state_.clear();
      sample.save(state_);
      store_->save(sample.number, sample.metadata.id(), state_.bytes());
    }
    samples_.clear();
    ids_ = SampleIds();
    sample_bytes_ = 0;
    files_.forget();
  }

  /// Calls use(sample) for all in the order of their first packets.
  template <class Use>
  void for_each_sample(Use use) {
    if (!store_) {
      for (SplitSample& sample : samples_) use(sample);
      return;
    }
    constexpr std::uint64_t kSome = 1024;
    put_away();
    for (std::uint64_t number = 0; number < sample_count_; ++number) {
      SplitSample sample = SplitSample::load(StateReader(store_->load(number)), files_);
      use(sample);
      if (number % kSome == kSome - 1) files_.forget();
    }
    files_.forget();
  }

  SplitCapture& capture_for(SplitSample& sample, const Interface& interface, const PacketView& packet) {
    const bool as_pcap = request_.format == OutputFormat::pcap;
    for (SplitCapture& capture : sample.captures) {
      if (as_pcap && capture.link_type != interface.link_type) continue;
      if (as_pcap && interface.resolution.finer_than_micro() && !capture.pcap->is_nano()) {
        if (input_.reader().source().size() && request_.input != "-") throw BeginAgain{};
        throw_late_resolution(request_.input);
      }
      return capture;
    }
    std::string name = sample.metadata.file_stem();
    if (!sample.captures.empty()) name += fmt::format("_link{}", interface.link_type);
    name += as_pcap ? ".pcap" : ".pcapng";
    SplitCapture& capture = sample.captures.emplace_back();
    capture.link_type = interface.link_type;
    SampleFile& file = files_.open(name);
    capture.name = std::move(name);
    if (as_pcap) {
      capture.pcap.emplace(file, shapes_.of(interface.link_type));
    } else {
      const Interface& original = input_.interface(packet);
      capture.pcapng.emplace(file, input_.reader().sections()[original.section]);
    }
    ++result_.files;
    return capture;
  }

  void finish_captures() {
    if (request_.format == OutputFormat::pcap) return;
    std::size_t opaque = 0;
    for_each_sample([&](SplitSample& sample) {
      for (SplitCapture& capture : sample.captures) {
        capture.pcapng->finish(blocks_);
        opaque += capture.pcapng->is_opaque() ? 1 : 0;
        files_.write_some();
      }
    });
    if (opaque > 0)
      result_.report.warnings.push_back(
          fmt::format("{} files hold blocks or options of unknown meaning from a section "
                      "of the other byte order; they stay as they were",
                      opaque));
  }

  void write_metadata() {
    std::string text = metadata_header();
    const auto write = [&] {
      SampleFile& table = files_.open("metadata.csv");
      std::copy_n(as_bytes(text).data(), text.size(), table.append(text.size()));
      text.clear();
    };
    for_each_sample([&](const SplitSample& sample) {
      for (const SplitCapture& capture : sample.captures)
        text += metadata_record(capture.name, sample.metadata, capture.metadata);
      if (text.size() > kTableBytes) {
        write();
        files_.write_some();
      }
      note_several_labels(sample);
    });
    write();
  }

  void note_several_labels(const SplitSample& sample) {
    if (sample.metadata.labels().size() < 2 || ++several_labels_ > kMostWarnings) return;
    several_labels_warnings_.push_back(fmt::format("sample {} has {} labels; its file bears the first, {}",
                                                   sample.metadata.id(), sample.metadata.labels().size(),
                                                   sample.metadata.labels().front()));
  }

  void warn_of_several_labels() {
    for (std::string& warning : several_labels_warnings_)
      result_.report.warnings.push_back(std::move(warning));
    if (several_labels_ > kMostWarnings)
      result_.report.warnings.push_back(fmt::format("{} more samples have several labels; see metadata.csv",
                                                    several_labels_ - kMostWarnings));
  }

  /// So many are not put away however much they take, lest one be put away for each packet.
  static constexpr std::size_t kFewSamples = 16;
  static constexpr std::size_t kMostWarnings = 10;
  static constexpr std::size_t kTableBytes = std::size_t{256} << 10;

  const SplitRequest& request_;
  PcapShapes& shapes_;
  std::size_t memory_bytes_;
  CaptureInput input_;
  OutputDirectory directory_;
  SampleFiles files_;
  SplitResult result_;
  std::string temporary_directory_;
  SampleIds ids_;                     // of the samples at hand
  std::vector<SplitSample> samples_;  // at hand
  std::size_t sample_bytes_ = 0;      // of those, at most
  std::uint64_t sample_count_ = 0;    // of all
  std::optional<SampleStore> store_;  // of those that were put away
  StateWriter state_;
  std::size_t several_labels_ = 0;  // samples that have some
  std::vector<std::string> several_labels_warnings_;
  std::vector<Interface> interfaces_;  // as the output has them
  BlockSpool blocks_;
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
