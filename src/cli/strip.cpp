// SPDX-License-Identifier: Apache-2.0
#include "pcapml/strip.h"

#include <fmt/format.h>

#include "cli/command.h"
#include "cli/json_reports.h"

namespace pcapml::cli {
namespace {

class StripCommand final : public Command {
 public:
  std::string_view name() const override { return "strip"; }
  std::string_view summary() const override { return "Take the labels out: the plain capture comes back"; }
  std::string_view example() const override { return "pcapml strip -i labeled.pcapng -o plain.pcap"; }

  void options(Options& o) override {
    o.required("-i,--input", request_.input, "Labelled capture, or - for standard input");
    o.required("-o,--output", request_.output, "Plain capture, or - for standard output");
    o.format(request_.format);
    o.choice("--link", link_, {"ethernet"}, "Put a synthetic Ethernet header before raw IP packets");
    o.input(request_.input_options);
    o.output(request_.output_options);
    o.json(json_);
  }

  int run(Console& console) override {
    if (request_.output == "-") console.reserve_stdout();
    request_.link_ethernet = link_ == "ethernet";
    request_.input_options.progress = console.progress();
    const StripResult result = strip(request_);
    if (json_) {
      console.print(to_json(result));
    } else {
      console.note(fmt::format("{} written, {} taken out", count_of(result.packets, "packet"),
                               count_of(result.labels, "label")));
    }
    return console.finish(result.report);
  }

 private:
  StripRequest request_;
  std::string link_;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> make_strip_command() { return std::make_unique<StripCommand>(); }

}  // namespace pcapml::cli
