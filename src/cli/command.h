// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "cli/console.h"
#include "cli/options.h"

namespace pcapml::cli {

/// Exit codes of the program.
inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;  ///< the data or the system
inline constexpr int kUsage = 2;   ///< the command line or a rule file

/// One subcommand: a table of options, then a run. Nothing is opened before run().
class Command {
 public:
  virtual ~Command() = default;
  virtual std::string_view name() const = 0;
  virtual std::string_view summary() const = 0;  ///< one line
  virtual std::string_view example() const = 0;  ///< one real command line or more
  virtual void options(Options& options) = 0;
  virtual int run(Console& console) = 0;
};

std::unique_ptr<Command> make_capture_command();
std::unique_ptr<Command> make_label_command();
std::unique_ptr<Command> make_mark_command();
std::unique_ptr<Command> make_sort_command();
std::unique_ptr<Command> make_split_command();
std::unique_ptr<Command> make_strip_command();
std::unique_ptr<Command> make_merge_command();
std::unique_ptr<Command> make_compare_command();
std::unique_ptr<Command> make_summary_command();
std::unique_ptr<Command> make_doctor_command();
std::unique_ptr<Command> make_selftest_command();

/// All commands, in the order in which help lists them.
std::vector<std::unique_ptr<Command>> all_commands();

/// What the command line asks for.
struct Parsed {
  Command* command = nullptr;  ///< nullptr: nothing is left to run, exit with `exit_code`
  int exit_code = kDone;
  bool quiet = false;
};

/// Parses the command line into the chosen command's variables; prints help, version and errors itself.
Parsed parse_command_line(int argc, const char* const* argv,
                          const std::vector<std::unique_ptr<Command>>& commands);

}  // namespace pcapml::cli
