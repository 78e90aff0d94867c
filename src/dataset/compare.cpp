// SPDX-License-Identifier: Apache-2.0
#include "pcapml/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "dataset/capture_input.h"
#include "dataset/column.h"
#include "dataset/confusion.h"
#include "dataset/flow_numbers.h"
#include "dataset/flow_votes.h"
#include "dataset/label_numbers.h"
#include "dataset/packet_pairing.h"
#include "io/output_file.h"
#include "pcapml/error.h"

namespace pcapml {
namespace {

using Side = PacketPairing::Side;

class Comparison {
 public:
  Comparison(const CompareRequest& request, CompareResult& result)
      : request_(request), result_(result), labels_(read_map(request)) {}

  void run() {
    read(Side::truth, result_.truth);
    read(Side::test, result_.test);
    while (pairing_.pair()) {
      for (const Side side : {Side::truth, Side::test})
        if (pairing_.wants(side)) read_again(side);
    }
    count();
    warn();
  }

 private:
  static std::vector<LabelRenaming> read_map(const CompareRequest& request) {
    if (request.map.empty()) return {};
    return read_label_map(request.map);
  }

  const std::string& path(Side side) const { return side == Side::truth ? request_.truth : request_.test; }
  Column<std::uint32_t>& labels_of(Side side) { return side == Side::truth ? truth_labels_ : test_labels_; }

  void read(Side side, InputReport& report) {
    CaptureInput input(path(side), request_.input_options);
    Column<std::uint32_t>& labels = labels_of(side);
    while (const PacketView* packet = input.next_packet()) {
      labels.push_back(labels_.number_of(find_label(packet->options)));
      const auto headers = parse_headers(input.interface(*packet).link_type, packet->data);
      pairing_.add(side, packet_content(headers, packet->data, packet->original_length),
                   packet->timestamp_ns);
      if (side == Side::truth) flow_of_packet_.push_back(flow_of(headers, packet->data));
    }
    input.add_to(report);
  }

  std::uint32_t flow_of(const std::optional<Headers>& outer, Bytes packet) {
    if (!outer) {
      ++result_.non_ip;
      return kNoFlow;
    }
    const Headers headers = innermost_headers(*outer, packet);
    if (headers.fragment_offset != 0) {
      ++result_.fragments;
      return kNoFlow;
    }
    return flows_.number_of(headers.flow);
  }

  void read_again(Side side) {
    if (path(side) == "-" || !std::filesystem::is_regular_file(path(side)))
      throw DataError(
          fmt::format("{}: packets are cut at different lengths in the two captures, which takes another "
                      "reading of both; a pipe can be read only once, so a file is needed",
                      path(side) == "-" ? "standard input" : path(side)));
    CaptureInput input(path(side), request_.input_options);
    const std::uint32_t count = pairing_.count(side);
    std::uint32_t number = 0;
    for (; number < count; ++number) {
      const PacketView* packet = input.next_packet();
      if (packet == nullptr)
        throw DataError(fmt::format("{}: the file changed while it was read", path(side)));
      if (pairing_.wants(side, number))
        pairing_.show(
            side, number,
            packet_content(input.interface(*packet).link_type, packet->data, packet->original_length));
    }
  }

  void count() {
    const std::uint32_t truth_packets = pairing_.count(Side::truth);
    Column<std::uint32_t> predicted;
    ConfusionCounter packets, flows;
    for (std::uint32_t i = 0; i < truth_packets; ++i) {
      const auto partner = pairing_.partner(i);
      predicted.push_back(partner ? test_labels_[*partner] : LabelNumbers::kNoLabel);
      packets.add(truth_labels_[i], predicted[i]);
    }
    result_.pairs = pairing_.pairs();
    result_.truth_only = truth_packets - result_.pairs;
    result_.test_only = pairing_.count(Side::test) - result_.pairs;
    result_.truth_unlabeled = unlabeled_packets(Side::truth);
    result_.test_unlabeled = unlabeled_packets(Side::test);
    result_.packets = packets.scores(labels_.names());
    result_.unlabeled_flows =
        count_flows(flow_of_packet_.all(), truth_labels_.all(), predicted.all(), flows_.size(),
                    static_cast<std::uint32_t>(labels_.names().size()), flows);
    result_.flows = flows.scores(labels_.names());
  }

  std::uint64_t unlabeled_packets(Side side) {
    const auto labels = labels_of(side).all();
    return static_cast<std::uint64_t>(std::count(labels.begin(), labels.end(), LabelNumbers::kNoLabel));
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
      if (pairing_.count(side) > 0 && unlabeled_packets(side) == pairing_.count(side))
        result_.warnings.push_back(fmt::format("{}: no packet has a label", path(side)));
    if (result_.pairs == 0 && result_.truth_only > 0 && result_.test_only > 0)
      result_.warnings.push_back("the two captures have no packet in common");
  }

  const CompareRequest& request_;
  CompareResult& result_;
  PacketPairing pairing_;
  LabelNumbers labels_;
  FlowNumbers flows_;
  Column<std::uint32_t> truth_labels_, test_labels_;
  Column<std::uint32_t> flow_of_packet_;  // of the truth
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
