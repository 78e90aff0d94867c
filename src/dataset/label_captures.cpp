// SPDX-License-Identifier: Apache-2.0
#include "pcapml/label_captures.h"

#include <filesystem>

#include "dataset/capture_input.h"
#include "dataset/section_copier.h"
#include "io/output_file.h"
#include "label/packet_label.h"
#include "pcapml/rule_engine.h"

namespace pcapml {
namespace {

class Labeler {
 public:
  Labeler(const LabelRequest& request, const std::vector<Rule>& rules, RuleEngine& engine, OutputStream& out)
      : request_(request), rules_(rules), engine_(engine), writer_(out), copier_(writer_) {
    for (const Rule& rule : rules) result_.rules.push_back({rule.line, rule.sample_id, rule.label, 0, 0});
  }

  void label(const InputFile& file) {
    engine_.select_file({file.relative, file.path, std::filesystem::absolute(file.path).string()});
    CaptureInput input(file.path, request_.input_options);
    while (const Record* record = input.next()) {
      if (record->kind == Record::Kind::packet) {
        label(record->packet, input.interface(record->packet));
      } else {
        copier_.copy(*record, input.reader());
      }
    }
    input.add_to(result_.report);
  }

  LabelResult take_result() { return std::move(result_); }

 private:
  void label(const PacketView& packet, const Interface& interface) {
    const Rule* rule = engine_.match({interface.link_type, packet.data, packet.original_length,
                                      packet.timestamp_ns, packet.has_timestamp, interface.order});
    if (rule == nullptr) {
      ++result_.unmatched;
      result_.unmatched_bytes += packet.original_length;
      if (!request_.keep_unmatched) return;
    } else {
      RuleCount& count = result_.rules[static_cast<std::size_t>(rule - rules_.data())];
      ++count.packets;
      count.bytes += packet.original_length;
      ++result_.matched;
      result_.matched_bytes += packet.original_length;
    }
    const PacketLabel old = find_label(packet.options);
    result_.replaced_labels += old.label ? 1 : 0;
    const std::string_view comment = rule == nullptr ? std::string_view{} : rule->comment;
    writer_.packet(packet.interface_id, packet, {old.before, comment, old.after});
  }

  const LabelRequest& request_;
  const std::vector<Rule>& rules_;
  RuleEngine& engine_;
  PcapngWriter writer_;
  SectionCopier copier_;
  LabelResult result_;
};

}  // namespace

LabelResult label_captures(const LabelRequest& request) {
  const std::vector<Rule> rules = read_rules(request.rules);
  RuleEngine engine(rules, request.rules);
  std::vector<std::string> skipped;
  const std::vector<InputFile> files = list_captures(request.input, skipped);
  std::vector<std::string> paths{request.rules};
  for (const InputFile& file : files) paths.push_back(file.path);
  refuse_same_file(request.output, paths);

  OutputFile output(request.output, request.output_options.fsync ? Sync::yes : Sync::no);
  Labeler labeler(request, rules, engine, output.stream());
  for (const InputFile& file : files) labeler.label(file);
  engine.check_link_types();
  output.commit();

  LabelResult result = labeler.take_result();
  result.kept_unmatched = request.keep_unmatched;
  result.skipped_files = skipped.size();
  const auto warnings = engine.warnings();
  result.report.warnings.insert(result.report.warnings.end(), warnings.begin(), warnings.end());
  return result;
}

}  // namespace pcapml
