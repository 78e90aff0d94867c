// SPDX-License-Identifier: Apache-2.0
#include "pcapml/summary.h"

#include "cli/command.h"
#include "cli/summary_report.h"
#include "dataset/time_text.h"
#include "pcapml/error.h"

namespace pcapml::cli {
namespace {

class SummaryCommand final : public Command {
 public:
  std::string_view name() const override { return "summary"; }
  std::string_view summary() const override {
    return "Count packets, bytes, flows and samples for each label";
  }
  std::string_view example() const override {
    return "pcapml summary -i labeled.pcapng -group dst -from 2024-05-01T12:00:00Z";
  }

  void options(Options& o) override {
    o.required("-i,--input", request_.input, "Capture, or - for standard input");
    o.optional("--group", request_.group,
               "Group by this key of the labels: label (or proc), dir, dst, or any other [label]");
    o.optional("--from", from_,
               "Only packets from this time on: seconds since 1970, or 2024-05-01T12:00:00Z");
    o.optional("--to", to_, "Only packets up to this time; without a fraction its whole second counts");
    o.optional("--csv", request_.csv, "Write the table to this file as CSV, - for standard output");
    o.input(request_.input_options);
    o.json(json_);
  }

  int run(Console& console) override {
    if (!from_.empty()) request_.from_ns = parse_time(from_, TimeEdge::start);
    if (!to_.empty()) request_.to_ns = parse_time(to_, TimeEdge::end);
    if (request_.from_ns > request_.to_ns) throw UsageError("--to lies before --from");
    if (request_.csv == "-") console.reserve_stdout();
    request_.input_options.progress = console.progress();
    const SummaryResult result = summarize(request_);
    const auto width = static_cast<std::size_t>(console.is_terminal() ? console.width() : 0);
    console.print(json_ ? to_json(result) : to_text(result, request_.input, width));
    return console.finish(result.report);
  }

 private:
  SummaryRequest request_;
  std::string from_, to_;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> make_summary_command() { return std::make_unique<SummaryCommand>(); }

}  // namespace pcapml::cli
