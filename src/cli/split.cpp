// SPDX-License-Identifier: Apache-2.0
#include "pcapml/split.h"

#include <fmt/format.h>

#include "cli/command.h"
#include "cli/json_reports.h"

namespace pcapml::cli {
namespace {

class SplitCommand final : public Command {
 public:
  std::string_view name() const override { return "split"; }
  std::string_view summary() const override { return "Write one capture for each sample, and metadata.csv"; }
  std::string_view example() const override { return "pcapml split -i labeled.pcapng -o samples/"; }

  void options(Options& o) override {
    o.required("-i,--input", request_.input, "Labelled capture, or - for standard input");
    o.required("-o,--output", request_.output, "Directory to make; an existing one has to be empty");
    o.format(request_.format);
    o.flag("--force", request_.force, "Replace a directory that is not empty, once the new one is complete");
    o.choice("--link", link_, {"ethernet"}, "Put a synthetic Ethernet header before raw IP packets");
    o.input(request_.input_options);
    o.memory(request_.memory);
    o.json(json_);
  }

  int run(Console& console) override {
    request_.link_ethernet = link_ == "ethernet";
    request_.input_options.progress = console.progress();
    const SplitResult result = split(request_);
    if (json_) {
      console.print(to_json(result));
    } else {
      console.note(fmt::format("{} of {} written to {}, {} without a label left out",
                               count_of(result.packets, "packet"), count_of(result.samples, "sample"),
                               count_of(result.files, "file"), grouped(result.unlabeled)));
    }
    return console.finish(result.report);
  }

 private:
  SplitRequest request_;
  std::string link_;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> make_split_command() { return std::make_unique<SplitCommand>(); }

}  // namespace pcapml::cli
