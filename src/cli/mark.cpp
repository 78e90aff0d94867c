// SPDX-License-Identifier: Apache-2.0
#include "pcapml/mark.h"

#include <fmt/format.h>

#include "cli/command.h"
#include "cli/json_reports.h"
#include "cli/printable.h"

namespace pcapml::cli {
namespace {

class MarkCommand final : public Command {
 public:
  std::string_view name() const override { return "mark"; }
  std::string_view summary() const override { return "Say what begins now, as a rule of a label file"; }
  std::string_view example() const override {
    return "pcapml mark -o marks.csv 'reading news'\n"
           "  pcapml mark -o marks.csv 'watching a video'\n"
           "  pcapml mark -o marks.csv --stop\n"
           "  pcapml label -i captured.pcapng -l marks.csv -o labeled.pcapng --keep-old";
  }

  void options(Options& o) override {
    o.required("-o,--output", request_.output, "Label file that the activity is added to");
    o.argument("LABEL", request_.label, "What begins now; it goes on until the next one, or --stop");
    o.flag("--stop", request_.stop, "What goes on ends now");
    o.json(json_);
  }

  int run(Console& console) override {
    const MarkResult result = mark(request_);
    if (json_) {
      console.print(to_json(result));
    } else {
      if (result.ended)
        console.note(fmt::format("'{}' ended after {:.1f} s", printable(result.ended->label),
                                 static_cast<double>(result.now_ns - result.ended->start_ns) / 1e9));
      if (result.begun) console.note(fmt::format("'{}' began", printable(result.begun->label)));
    }
    return kDone;
  }

 private:
  MarkRequest request_;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> make_mark_command() { return std::make_unique<MarkCommand>(); }

}  // namespace pcapml::cli
