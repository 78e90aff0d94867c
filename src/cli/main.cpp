// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <new>
#include <sstream>
#include <system_error>

#include "cli/command.h"
#include "io/interrupt.h"
#include "pcapml/error.h"

namespace pcapml::cli {
namespace {

/// Ends as the signal would have ended the program, now that everything is cleaned up.
int end_by_signal(int signal) {
  std::signal(signal, SIG_DFL);
  std::raise(signal);
  return 128 + signal;
}

void print_lines(Console& console, const std::string& text) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) console.warn(line);
}

int run(Command& command, bool quiet) {
  Console console(quiet);
  try {
    return command.run(console);
  } catch (const Interrupted& interrupted) {
    return end_by_signal(interrupted.signal());
  } catch (const UsageError& error) {
    print_lines(console, error.what());
    return kUsage;
  } catch (const std::system_error& error) {
    if (error.code() == std::errc::broken_pipe) return end_by_signal(SIGPIPE);
    console.warn(error.what());
  } catch (const std::bad_alloc&) {
    console.warn("out of memory");
  } catch (const std::exception& error) {
    print_lines(console, error.what());
  }
  return kFailed;
}

}  // namespace

std::vector<std::unique_ptr<Command>> all_commands() {
  std::vector<std::unique_ptr<Command>> commands;
  commands.push_back(make_capture_command());
  commands.push_back(make_mark_command());
  commands.push_back(make_label_command());
  commands.push_back(make_sort_command());
  commands.push_back(make_split_command());
  commands.push_back(make_strip_command());
  commands.push_back(make_merge_command());
  commands.push_back(make_compare_command());
  commands.push_back(make_summary_command());
  commands.push_back(make_doctor_command());
  commands.push_back(make_selftest_command());
  return commands;
}

}  // namespace pcapml::cli

int main(int argc, char** argv) {
  using namespace pcapml;
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe comes back as EPIPE and unwinds like every error
  std::signal(SIGXFSZ, SIG_IGN);  // a file that grows beyond a limit likewise, as EFBIG
  handle_interrupts();
  const auto commands = cli::all_commands();
  const cli::Parsed parsed = cli::parse_command_line(argc, argv, commands);
  return parsed.command == nullptr ? parsed.exit_code : cli::run(*parsed.command, parsed.quiet);
}
