// SPDX-License-Identifier: Apache-2.0
#include "pcapml/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>

#include "dataset/capture_input.h"
#include "dataset/column.h"
#include "dataset/confusion.h"
#include "dataset/external_comparison.h"
#include "dataset/flow_numbers.h"
#include "dataset/flow_votes.h"
#include "dataset/label_numbers.h"
#include "dataset/memory_cap.h"
#include "dataset/packet_pairing.h"
#include "io/output_file.h"
#include "pcapml/error.h"

namespace pcapml {
namespace {

using Side = PacketPairing::Side;

/// What reading and writing hold, whatever the size of the files.
constexpr std::uint64_t kStreams = std::uint64_t{6} << 20;

class Comparison {
 public:
  Comparison(const CompareRequest& request, CompareResult& result)
      : request_(request),
        result_(result),
        memory_bytes_(memory_cap(request.memory.bytes) - kStreams),
        labels_(read_map(request)) {}

  void run() {
    read(Side::truth, result_.truth);
    read(Side::test, result_.test);
    if (external_) {
      run_externally();
    } else {
      while (held_->pairing.pair()) {
        for (const Side side : {Side::truth, Side::test})
          if (held_->pairing.wants(side)) show_wanted(side);
      }
      count();
    }
    warn();
  }

 private:
  /// What is kept of all packets in memory.
  struct Held {
    PacketPairing pairing;
    FlowNumbers flows;
    Column<std::uint32_t> truth_labels, test_labels;
    Column<std::uint32_t> flow_of_packet;  // of the truth

    Column<std::uint32_t>& labels_of(Side side) { return side == Side::truth ? truth_labels : test_labels; }
  };

  static std::vector<LabelRenaming> read_map(const CompareRequest& request) {
    if (request.map.empty()) return {};
    return read_label_map(request.map);
  }

  const std::string& path(Side side) const { return side == Side::truth ? request_.truth : request_.test; }

  void read(Side side, InputReport& report) {
    CaptureInput input(path(side), request_.input_options);
    std::uint64_t& packets = packets_[index(side)];
    while (const PacketView* packet = input.next_packet()) {
      const std::uint32_t label = labels_.number_of(find_label(packet->options));
      if (label == LabelNumbers::kNoLabel) ++unlabeled_[index(side)];
      const auto headers = parse_headers(input.interface(*packet).link_type, packet->data);
      const PacketContent content = packet_content(headers, packet->data, packet->original_length);
      if (external_) {
        add_externally(side, *packet, label, headers, content);
      } else {
        add(side, *packet, label, headers, content);
      }
      if ((++packets & 0xfff) == 0 && !external_ && !fits()) move_out();
    }
    input.add_to(report);
  }

  void add(Side side, const PacketView& packet, std::uint32_t label, const std::optional<Headers>& headers,
           const PacketContent& content) {
    held_->labels_of(side).push_back(label);
    held_->pairing.add(side, content, packet.timestamp_ns);
    if (side == Side::test) return;
    const auto flow = flow_of(headers, packet.data);
    held_->flow_of_packet.push_back(flow ? held_->flows.number_of(*flow) : kNoFlow);
  }

  void add_externally(Side side, const PacketView& packet, std::uint32_t label,
                      const std::optional<Headers>& headers, const PacketContent& content) {
    PairingRecord record{packet.timestamp_ns,
                         packets_[index(side)],
                         whole_length(content),
                         counting_length(content),
                         kNoPrefix,
                         label,
                         {},
                         side == Side::test,
                         false};
    if (side == Side::truth) {
      if (const auto flow = flow_of(headers, packet.data)) {
        record.flow = FlowNumbers::ends_of(*flow);
        record.has_flow = true;
      }
    }
    const ContentHash hash = hash_content(content);
    external_->add(record, hash.low, static_cast<std::uint32_t>(hash.high), content.is_complete());
  }

  /// Whether memory holds what was read so far, and all that is made of it.
  bool fits() const {
    constexpr std::uint64_t kPacket = 64, kFlow = 32;
    return (packets_[0] + packets_[1]) * kPacket + held_->flows.size() * kFlow <= memory_bytes_;
  }

  /// From memory into temporary files, which take what is still to come.
  void move_out() {
    const std::string& wanted = request_.memory.temporary_directory;
    external_ = std::make_unique<ExternalComparison>(memory_bytes_,
                                                     wanted.empty() ? temporary_directory("-") : wanted);
    held_->pairing.for_each_added([this](Side side, std::uint32_t number, std::int64_t timestamp_ns,
                                         std::uint32_t whole, std::uint32_t captured,
                                         const PairingEntry& hash) {
      PairingRecord record{
          timestamp_ns,       number, whole, captured, kNoPrefix, held_->labels_of(side)[number], {},
          side == Side::test, false};
      if (side == Side::truth && held_->flow_of_packet[number] != kNoFlow) {
        record.flow = held_->flows.ends(held_->flow_of_packet[number]);
        record.has_flow = true;
      }
      external_->add(record, hash.key, hash.more, !held_->pairing.has_cut_packets());
    });
    held_.reset();
  }

  std::optional<FlowKey> flow_of(const std::optional<Headers>& outer, Bytes packet) {
    if (!outer) {
      ++result_.non_ip;
      return std::nullopt;
    }
    const Headers headers = innermost_headers(*outer, packet);
    if (headers.fragment_offset != 0) {
      ++result_.fragments;
      return std::nullopt;
    }
    return headers.flow;
  }

  void show_wanted(Side side) {
    read_again(
        side,
        [&](std::uint64_t number) { return held_->pairing.wants(side, static_cast<std::uint32_t>(number)); },
        [&](std::uint64_t number, const PacketContent& content) {
          held_->pairing.show(side, static_cast<std::uint32_t>(number), content);
        });
  }

  /// Shows each packet that is wanted.
  template <class Wants, class Show>
  void read_again(Side side, Wants wants, Show show) {
    if (path(side) == "-" || !std::filesystem::is_regular_file(path(side)))
      throw DataError(
          fmt::format("{}: packets are cut at different lengths in the two captures, which takes another "
                      "reading of both; a pipe can be read only once, so a file is needed",
                      path(side) == "-" ? "standard input" : path(side)));
    CaptureInput input(path(side), request_.input_options);
    for (std::uint64_t number = 0; number < packets_[index(side)]; ++number) {
      const PacketView* packet = input.next_packet();
      if (packet == nullptr)
        throw DataError(fmt::format("{}: the file changed while it was read", path(side)));
      if (wants(number))
        show(number,
             packet_content(input.interface(*packet).link_type, packet->data, packet->original_length));
    }
  }

  void run_externally() {
    ExternalPairing& pairing = external_->pairing();
    while (pairing.pair()) {
      for (const Side side : {Side::truth, Side::test}) {
        const auto is_wanted = [&](const PairingRecord* record) {
          return record != nullptr && record->is_test == (side == Side::test);
        };
        if (!is_wanted(pairing.wanted())) continue;
        read_again(
            side,
            [&](std::uint64_t number) {
              return is_wanted(pairing.wanted()) && pairing.wanted()->number == number;
            },
            [&](std::uint64_t, const PacketContent& content) {
              const ContentHash hash = hash_content(content, pairing.wanted()->prefix);
              pairing.show(hash.low, static_cast<std::uint32_t>(hash.high));
            });
      }
    }
    ConfusionCounter flows;
    fill_in(external_->pairs(), external_->packets());
    result_.unlabeled_flows =
        external_->count_flows(static_cast<std::uint32_t>(labels_.names().size()), flows);
    result_.flows = flows.scores(labels_.names());
  }

  void count() {
    Column<std::uint32_t> predicted;
    ConfusionCounter packets, flows;
    for (std::uint32_t i = 0; i < packets_[0]; ++i) {
      const auto partner = held_->pairing.partner(i);
      predicted.push_back(partner ? held_->test_labels[*partner] : LabelNumbers::kNoLabel);
      packets.add(held_->truth_labels[i], predicted[i]);
    }
    fill_in(held_->pairing.pairs(), packets);
    result_.unlabeled_flows =
        count_flows(held_->flow_of_packet.all(), held_->truth_labels.all(), predicted.all(),
                    held_->flows.size(), static_cast<std::uint32_t>(labels_.names().size()), flows);
    result_.flows = flows.scores(labels_.names());
  }

  void fill_in(std::uint64_t pairs, ConfusionCounter& packets) {
    result_.pairs = pairs;
    result_.truth_only = packets_[0] - pairs;
    result_.test_only = packets_[1] - pairs;
    result_.truth_unlabeled = unlabeled_[0];
    result_.test_unlabeled = unlabeled_[1];
    result_.packets = packets.scores(labels_.names());
  }

  void warn() {
    const auto& names = labels_.names();
    if (std::find(names.begin(), names.end(), kUnlabeled) != names.end())
      result_.warnings.push_back(
          fmt::format("a label is called {}; it is shown as %3Cunlabeled%3E", kUnlabeled));
    for (const auto& line : labels_.unused())
      result_.warnings.push_back(fmt::format("{}:{}: no packet has the label '{}'", request_.map, line.line,
                                             encode_text(line.from)));
    for (const Side side : {Side::truth, Side::test})
      if (packets_[index(side)] > 0 && unlabeled_[index(side)] == packets_[index(side)])
        result_.warnings.push_back(fmt::format("{}: no packet has a label", path(side)));
    if (result_.pairs == 0 && result_.truth_only > 0 && result_.test_only > 0)
      result_.warnings.emplace_back("the two captures have no packet in common");
  }

  static std::size_t index(Side side) { return side == Side::truth ? 0 : 1; }

  const CompareRequest& request_;
  CompareResult& result_;
  std::uint64_t memory_bytes_;
  std::uint64_t packets_[2] = {0, 0};
  std::uint64_t unlabeled_[2] = {0, 0};
  LabelNumbers labels_;
  // One of both: all that was read is in memory, or in temporary files.
  std::unique_ptr<ExternalComparison> external_;
  std::unique_ptr<Held> held_ = std::make_unique<Held>();
};

/// Standard input can be only one of the inputs.
void check_inputs(const CompareRequest& request) {
  const auto is_stdin = [](const std::string& path) { return path == "-"; };
  const std::vector<std::string> inputs{request.truth, request.test, request.map};
  if (std::count_if(inputs.begin(), inputs.end(), is_stdin) > 1)
    throw UsageError("only one of truth, test and map can be standard input");
  if (!request.csv.empty()) refuse_same_file(request.csv, inputs);
}

}  // namespace

CompareResult compare(const CompareRequest& request) {
  check_inputs(request);
  std::optional<OutputFile> csv;
  if (!request.csv.empty()) csv.emplace(request.csv);
  CompareResult result;
  Comparison(request, result).run();
  if (csv) {
    write_confusion_csv(result.packets, csv->stream());
    csv->commit();
  }
  return result;
}

}  // namespace pcapml
