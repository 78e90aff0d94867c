// SPDX-License-Identifier: Apache-2.0
#include "pcapml/label_captures.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/command.h"
#include "cli/json_reports.h"

namespace pcapml::cli {
namespace {

class LabelCommand final : public Command {
 public:
  std::string_view name() const override { return "label"; }
  std::string_view summary() const override { return "Label the packets of a capture by a file of rules"; }
  std::string_view example() const override {
    return "pcapml label -i traffic.pcap -l rules.csv -o labeled.pcapng -stats\n"
           "  where rules.csv has lines such as\n"
           "  BPF:host 192.0.2.7 and tcp port 443|TS_START:1700000000|TS_END:1700000600,web";
  }

  void options(Options& o) override {
    o.required("-i,--input", request_.input, "Capture, directory of captures, or - for standard input");
    o.required("-l,--labels", request_.rules, "Label file: one rule a line, the first that matches wins");
    o.required("-o,--output", request_.output, "Labelled capture (pcapng), or - for standard output");
    o.flag("--stats", stats_, "Print packets and bytes of each rule");
    o.flag("--keep-unmatched", request_.keep_unmatched, "Keep packets that no rule matches, without a label");
    o.input(request_.input_options);
    o.output(request_.output_options);
    o.json(json_);
  }

  int run(Console& console) override {
    if (request_.output == "-") console.reserve_stdout();
    request_.input_options.progress = console.progress();
    const LabelResult result = label_captures(request_);
    if (json_) {
      console.print(to_json(result));
    } else {
      if (stats_) console.print(table(result));
      console.note(outcome(result));
    }
    if (result.skipped_files > 0)
      console.note(
          fmt::format("{} in the directory left out: no capture", count_of(result.skipped_files, "file")));
    if (stats_) warn_of_idle_rules(console, result);
    return console.finish(result.report);
  }

 private:
  static std::string outcome(const LabelResult& result) {
    std::string text =
        fmt::format("{} labelled, {} unmatched {}", count_of(result.matched, "packet"),
                    grouped(result.unmatched), result.kept_unmatched ? "kept without a label" : "left out");
    if (result.replaced_labels > 0)
      text += fmt::format(", {} replaced", count_of(result.replaced_labels, "old label"));
    return text;
  }

  static std::string table(const LabelResult& result) {
    std::size_t width = std::string_view("unmatched").size();
    for (const RuleCount& rule : result.rules) width = std::max(width, rule.label.size());
    width = std::min<std::size_t>(width, 40);
    std::string text =
        fmt::format("{:>6}  {:<{}}  {:>12}  {:>15}\n", "line", "label", width, "packets", "bytes");
    for (const RuleCount& rule : result.rules)
      text += fmt::format("{:>6}  {:<{}}  {:>12}  {:>15}\n", rule.line, rule.label, width, rule.packets,
                          rule.bytes);
    text += fmt::format("{:>6}  {:<{}}  {:>12}  {:>15}\n", "", "matched", width, result.matched,
                        result.matched_bytes);
    text += fmt::format("{:>6}  {:<{}}  {:>12}  {:>15}\n", "", "unmatched", width, result.unmatched,
                        result.unmatched_bytes);
    return text;
  }

  void warn_of_idle_rules(Console& console, const LabelResult& result) const {
    constexpr std::size_t kMost = 20;
    std::size_t count = 0;
    for (const RuleCount& rule : result.rules)
      if (rule.packets == 0 && ++count <= kMost)
        console.warn(
            fmt::format("{}:{}: the rule for '{}' matched nothing", request_.rules, rule.line, rule.label));
    if (count > kMost) console.warn(fmt::format("{} more rules matched nothing", count - kMost));
  }

  LabelRequest request_;
  bool stats_ = false;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> make_label_command() { return std::make_unique<LabelCommand>(); }

}  // namespace pcapml::cli
