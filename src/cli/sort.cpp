// SPDX-License-Identifier: Apache-2.0
#include "pcapml/sort.h"

#include <fmt/format.h>

#include "cli/command.h"
#include "cli/json_reports.h"

namespace pcapml::cli {
namespace {

class SortCommand final : public Command {
 public:
  std::string_view name() const override { return "sort"; }
  std::string_view summary() const override {
    return "Bring the packets of each sample together, in time order";
  }
  std::string_view example() const override { return "pcapml sort -i labeled.pcapng -o sorted.pcapng"; }

  void options(Options& o) override {
    o.required("-i,--input", request_.input, "Labelled capture, or - for standard input");
    o.required("-o,--output", request_.output, "Sorted capture (pcapng), or - for standard output");
    o.input(request_.input_options);
    o.output(request_.output_options);
    o.memory(request_.memory);
    o.json(json_);
  }

  int run(Console& console) override {
    if (request_.output == "-") console.reserve_stdout();
    request_.input_options.progress = console.progress();
    const SortResult result = sort(request_);
    if (json_) {
      console.print(to_json(result));
    } else {
      console.note(fmt::format("{} of {} sorted, {} without a label at the end",
                               count_of(result.packets, "packet"), count_of(result.samples, "sample"),
                               grouped(result.unlabeled)));
    }
    return console.finish(result.report);
  }

 private:
  SortRequest request_;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> make_sort_command() { return std::make_unique<SortCommand>(); }

}  // namespace pcapml::cli
