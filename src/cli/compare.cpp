// SPDX-License-Identifier: Apache-2.0
#include "pcapml/compare.h"

#include <algorithm>

#include "cli/command.h"
#include "cli/compare_report.h"

namespace pcapml::cli {
namespace {

class CompareCommand final : public Command {
 public:
  std::string_view name() const override { return "compare"; }
  std::string_view summary() const override {
    return "Score the labels of one capture against those of another of the same traffic";
  }
  std::string_view example() const override {
    return "pcapml compare -truth labeled.pcapng -test predicted.pcapng -csv matrix.csv --map names.csv";
  }

  void options(Options& o) override {
    o.required("--truth", request_.truth, "Capture whose labels are right, or - for standard input");
    o.required("--test", request_.test, "Capture whose labels are scored, or - for standard input");
    o.optional("--csv", request_.csv,
               "Write the confusion matrix to this file as CSV, - for standard output");
    o.optional("--map", request_.map, "Rename labels of both captures first: CSV file with lines `from,to`");
    o.input(request_.input_options);
    o.memory(request_.memory);
    o.json(json_);
  }

  int run(Console& console) override {
    if (request_.csv == "-") console.reserve_stdout();
    request_.input_options.progress = console.progress();
    const CompareResult result = compare(request_);
    const auto width = static_cast<std::size_t>(console.is_terminal() ? console.width() : 0);
    console.print(json_ ? to_json(result) : to_text(result, width));
    for (const auto& warning : result.warnings) console.warn(warning);
    return std::max(console.finish(result.truth), console.finish(result.test));
  }

 private:
  CompareRequest request_;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> make_compare_command() { return std::make_unique<CompareCommand>(); }

}  // namespace pcapml::cli
