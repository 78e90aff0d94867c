// SPDX-License-Identifier: Apache-2.0
#include "pcapml/merge.h"

#include <fmt/format.h>

#include "cli/command.h"
#include "cli/json_reports.h"

namespace pcapml::cli {
namespace {

class MergeCommand final : public Command {
 public:
  std::string_view name() const override { return "merge"; }
  std::string_view summary() const override {
    return "Join captures into one dataset, with sample ids of its own";
  }
  std::string_view example() const override {
    return "pcapml merge -o all.pcapng monday.pcapng tuesday.pcapng more/";
  }

  void options(Options& o) override {
    o.required("-o,--output", request_.output, "Joined capture (pcapng), or - for standard output");
    o.arguments("IN", request_.inputs, "Labelled captures, and directories of them");
    o.input(request_.input_options);
    o.output(request_.output_options);
    o.json(json_);
  }

  int run(Console& console) override {
    if (request_.output == "-") console.reserve_stdout();
    request_.input_options.progress = console.progress();
    const MergeResult result = merge(request_);
    if (json_) {
      console.print(to_json(result));
    } else {
      console.note(fmt::format("{} of {} joined from {}, {} without a label",
                               count_of(result.packets, "packet"), count_of(result.samples, "sample"),
                               count_of(result.inputs, "input"), grouped(result.unlabeled)));
    }
    return console.finish(result.report);
  }

 private:
  MergeRequest request_;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> make_merge_command() { return std::make_unique<MergeCommand>(); }

}  // namespace pcapml::cli
