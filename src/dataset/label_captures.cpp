// SPDX-License-Identifier: Apache-2.0
#include "pcapml/label_captures.h"

#include <fmt/format.h>

#include <filesystem>
#include <iterator>
#include <limits>

#include "dataset/capture_input.h"
#include "dataset/flow_labels.h"
#include "dataset/open_output.h"
#include "dataset/reading_progress.h"
#include "dataset/section_copier.h"
#include "format/block.h"
#include "format/process_block.h"
#include "label/old_label.h"
#include "pcapml/error.h"
#include "pcapml/rule_engine.h"

namespace pcapml {
namespace {

constexpr std::size_t kLongestHostName = 253;  // RFC 1035, 2.3.4: 255 bytes as sent

class Labeler {
 public:
  Labeler(const LabelRequest& request, const std::vector<Rule>& rules, RuleEngine* engine, FlowLabels* flows,
          ReadingProgress& progress, OutputStream& out)
      : request_(request),
        rules_(rules),
        engine_(engine),
        flows_(flows),
        progress_(progress),
        writer_(out),
        copier_(writer_) {
    for (const Rule& rule : rules) result_.rules.push_back({rule.line, rule.sample_id, rule.label, 0, 0});
  }

  void label(const InputFile& file) {
    if (engine_ != nullptr)
      engine_->select_file({file.relative, file.path, std::filesystem::absolute(file.path).string()});
    InputOptions options = request_.input_options;
    options.progress = &progress_;
    CaptureInput input(file.path, options);
    while (const Record* record = input.next()) {
      if (record->kind == Record::Kind::packet) {
        label(record->packet, input.interface(record->packet));
      } else {
        if (engine_ != nullptr) tell_engine(*record, input.reader());
        copier_.copy(*record, input.reader());
      }
    }
    if (flows_ != nullptr) flows_->end(file);
    progress_.end(input);
    input.add_to(result_.report);
  }

  LabelResult take_result() {
    old_label_.add_warnings(result_.report.warnings);
    return std::move(result_);
  }

 private:
  void label(const PacketView& packet, const Interface& interface) {
    if (flows_ != nullptr) flows_->packet(packet, interface.link_type);
    const PacketLabel old = find_label(packet.options);
    std::string_view comment;
    if (engine_ == nullptr) {
      count(old.label ? result_.matched : result_.unmatched,
            old.label ? result_.matched_bytes : result_.unmatched_bytes, packet);
      if (old.label) comment = flows_ == nullptr ? old.comment : flows_->comment(*old.label, old.comment);
    } else if (const Rule* rule = match(packet, interface, old)) {
      RuleCount& counted = result_.rules[static_cast<std::size_t>(rule - rules_.data())];
      count(counted.packets, counted.bytes, packet);
      count(result_.matched, result_.matched_bytes, packet);
      result_.replaced_labels += old.label ? 1 : 0;
      comment = flows_ == nullptr ? rule->comment : flows_->comment(*rule);
      if (request_.keep_old) comment = old_label_.added_to(comment, old);
    } else {
      count(result_.unmatched, result_.unmatched_bytes, packet);
      if (!request_.keep_unmatched) return;
      result_.replaced_labels += old.label ? 1 : 0;
    }
    writer_.packet(packet.interface_id, packet, {old.before, comment, old.after});
  }

  const Rule* match(const PacketView& packet, const Interface& interface, const PacketLabel& old) {
    return engine_->match({interface.link_type, packet.data, packet.original_length, packet.timestamp_ns,
                           packet.has_timestamp, interface.order, old.label ? &*old.label : nullptr,
                           engine_->asks_processes() ? process_of(packet.options) : std::nullopt});
  }

  void tell_engine(const Record& record, const Reader& reader) {
    if (record.kind == Record::Kind::section)
      engine_->begin_section(reader.sections().back(), reader.source().name());
    if (record.kind == Record::Kind::block) engine_->block(record.block);
  }

  static void count(std::uint64_t& packets, std::uint64_t& bytes, const PacketView& packet) {
    ++packets;
    bytes += packet.original_length;
  }

  const LabelRequest& request_;
  const std::vector<Rule>& rules_;
  RuleEngine* engine_;  // nullptr: packets keep their labels
  FlowLabels* flows_;   // nullptr: labels do not depend on flows
  ReadingProgress& progress_;
  PcapngWriter writer_;
  SectionCopier copier_;
  OldLabel old_label_;
  LabelResult result_;
};

void check(const LabelRequest& request) {
  if (request.rules.empty() && !request.resolve)
    throw UsageError("label needs a label file (-l), or --resolve to add names to labels that are there");
  if (request.rules.empty() && request.sample == SampleUnit::flow)
    throw UsageError("--sample flow numbers the samples of a label file; name it with -l");
  if (request.rules.empty() && request.keep_old)
    throw UsageError("--keep-old keeps the names of labels that rules replace; name a label file (-l)");
  if (request.name_source && !request.resolve)
    throw UsageError("--name-source says where the names of --resolve come from; ask for both");
}

/// Flows make labels longer; what would not fit is an error before any packet is read.
void check_room(const LabelRequest& request, const std::vector<Rule>& rules) {
  std::size_t more = 0;
  if (request.sample == SampleUnit::flow) more += std::numeric_limits<std::uint32_t>::digits10 + 1;
  if (request.resolve) more += std::string_view(",dst=").size() + kLongestHostName;
  if (request.name_source) more += std::string_view(",dst_source=quic").size();
  std::string message;
  for (const Rule& rule : rules) {
    if (rule.comment.size() + more <= kMaxOptionLength) continue;
    fmt::format_to(
        std::back_inserter(message),
        "{}{}:{}: label and keys take {} bytes in a packet's comment, which holds {}; sample id and "
        "name of a flow may need {} of them",
        message.empty() ? "" : "\n", request.rules, rule.line, rule.comment.size(), kMaxOptionLength, more);
  }
  if (!message.empty()) throw UsageError(message);
}

}  // namespace

LabelResult label_captures(const LabelRequest& request) {
  check(request);
  std::vector<Rule> rules;
  std::optional<RuleEngine> engine;
  if (!request.rules.empty()) {
    rules = read_rules(request.rules);
    check_room(request, rules);
    engine.emplace(rules, request.rules);
  }
  std::vector<std::string> skipped;
  const std::vector<InputFile> files = list_captures(request.input, skipped);
  std::vector<std::string> paths;
  if (engine) paths.push_back(request.rules);
  for (const InputFile& file : files) paths.push_back(file.path);
  refuse_same_file(request.output, paths);

  OutputFile output = open_output(request.output, request.output_options);
  std::optional<FlowLabels> flows;
  if (request.resolve || request.sample == SampleUnit::flow) flows.emplace(request);
  const bool read_ahead = request.resolve && can_read_twice(files);
  ReadingProgress progress(request.input_options.progress, files, read_ahead ? 2 : 1);
  if (read_ahead) flows->read_ahead(files, progress);
  Labeler labeler(request, rules, engine ? &*engine : nullptr, flows ? &*flows : nullptr, progress,
                  output.stream());
  for (const InputFile& file : files) labeler.label(file);
  if (engine) engine->check_link_types();
  output.commit();

  LabelResult result = labeler.take_result();
  result.kept_unmatched = request.keep_unmatched || !engine;
  result.skipped_files = skipped.size();
  result.sample = request.sample;
  if (engine) {
    std::vector<std::string>& warnings = result.report.warnings;
    for (std::string& line : engine->warnings()) warnings.push_back(std::move(line));
    if (request.covered_rules)
      for (std::string& line : engine->covered_rules()) warnings.push_back(std::move(line));
  }
  if (flows) flows->add_to(result);
  if (request.resolve && !read_ahead)
    result.report.warnings.push_back(
        fmt::format("{} is read once: a packet has the name of its flow that was known when it came",
                    request.input == "-" ? "standard input" : request.input + ", which is no regular file,"));
  return result;
}

}  // namespace pcapml
