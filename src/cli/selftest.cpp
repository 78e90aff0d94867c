// SPDX-License-Identifier: Apache-2.0
#include "selftest/selftest.h"

#include <cstdlib>
#include <sstream>

#include "cli/command.h"
#include "cli/selftest_report.h"
#include "pcapml/error.h"
#include "selftest/kinds.h"
#include "selftest/report.h"

namespace pcapml::cli {
namespace {

/// One of the processes whose traffic is captured is this program after exec.
bool play_instead() {
  const char* role = std::getenv(selftest::kExecVariable);
  if (role == nullptr) return false;
  std::istringstream words(role);
  int descriptor = -1;
  std::string self, other;
  words >> descriptor >> self >> other;
  selftest::play_after_exec(descriptor, self, other);
  return true;
}

class SelftestCommand final : public Command {
 public:
  std::string_view name() const override { return "selftest"; }
  std::string_view summary() const override {
    return "Capture traffic of known processes, and count labels that are right and wrong";
  }
  std::string_view example() const override {
    return "sudo pcapml selftest\n"
           "  sudo pcapml selftest --latex > appendix.tex";
  }

  void options(Options& o) override {
    o.flag("--latex", latex_, "Print the table for LaTeX");
    o.optional("--keep", request_.keep, "Leave the capture in this file");
    o.json(json_);
  }

  int run(Console& console) override {
    if (play_instead()) return kDone;
    if (json_ && latex_) throw UsageError("--json and --latex: choose one");
    const selftest::Result result = selftest::run(request_);
    console.print(json_ ? to_json(result) : latex_ ? to_latex(result) : to_text(result));
    return result.is_perfect() ? kDone : kFailed;
  }

 private:
  selftest::Request request_;
  bool json_ = false;
  bool latex_ = false;
};

}  // namespace

std::unique_ptr<Command> make_selftest_command() { return std::make_unique<SelftestCommand>(); }

}  // namespace pcapml::cli
