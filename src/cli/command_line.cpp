// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <numeric>

#include "cli/command.h"

namespace pcapml::cli {

void Options::required(const char* names, std::string& into, const char* help) {
  app_.add_option(names, into, help)->required();
}
void Options::optional(const char* names, std::string& into, const char* help) {
  app_.add_option(names, into, help);
}
void Options::number(const char* names, std::size_t& into, const char* help) {
  const auto problem = [](const std::string& word) {
    const bool is_number = word.find_first_not_of("0123456789") == std::string::npos;
    return is_number ? std::string() : fmt::format("{} is no whole number", word);
  };
  app_.add_option(names, into, help)->capture_default_str()->check(problem, "");
}
void Options::megabytes(const char* names, std::uint64_t& into, const char* help) {
  app_.add_option_function<double>(
          names, [&into](const double& megabytes) { into = static_cast<std::uint64_t>(megabytes * 1e6); },
          help)
      ->check(CLI::Range(0.001, 1e9));
}
void Options::memory(MemoryOptions& into) {
  app_.add_option("--memory", into.bytes,
                  "Most memory to take, such as 256M or 4G (default: a quarter of the machine's)")
      ->transform(CLI::AsSizeValue(false));
  optional("--tmp", into.temporary_directory,
           "Directory of temporary files, where memory is not enough (default: that of the output)");
}
void Options::flag(const char* names, bool& into, const char* help) { app_.add_flag(names, into, help); }
void Options::choice(const char* names, std::string& into, const std::vector<std::string>& words,
                     const char* help) {
  app_.add_option(names, into, help)->check(CLI::IsMember(words));
}
void Options::arguments(const char* name, std::vector<std::string>& into, const char* help) {
  app_.add_option(name, into, help)->required();
}
void Options::argument(const char* name, std::string& into, const char* help) {
  app_.add_option(name, into, help);
}

void Options::input(InputOptions& into) {
  flag("--salvage", into.salvage, "Keep what lies before damaged data (exit code 1 all the same)");
  static const std::map<std::string, LegacyTimestamps> kModes = {
      {"auto", LegacyTimestamps::detect}, {"yes", LegacyTimestamps::yes}, {"no", LegacyTimestamps::no}};
  app_.add_option_function<std::string>(
          "--legacy-timestamps",
          [&into](const std::string& word) { into.legacy_timestamps = kModes.at(word); },
          "Split timestamps of earlier pcapml versions")
      ->check(CLI::IsMember({"auto", "yes", "no"}))
      ->default_str("auto");
}

void Options::output(OutputOptions& into) {
  flag("--fsync", into.fsync, "Flush the output to the disk before it gets its name");
  app_.add_option(
          "--threads", into.threads,
          "Threads that read, match, compress and write (default: one for each processor); the output is "
          "the same")
      ->check(CLI::Range(1U, 1024U));
}

void Options::format(OutputFormat& into) {
  app_.add_option_function<std::string>(
          "--format",
          [&into](const std::string& word) {
            into = word == "pcap" ? OutputFormat::pcap : OutputFormat::pcapng;
          },
          "Kind of capture to write; pcapng keeps everything")
      ->check(CLI::IsMember({"pcap", "pcapng"}))
      ->default_str(into == OutputFormat::pcap ? "pcap" : "pcapng");
}

void Options::json(bool& into) { flag("--json", into, "Print the result as JSON"); }

namespace {

/// Levenshtein distance.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t above = row[j + 1];
      row[j + 1] = std::min({above + 1, row[j] + 1, diagonal + (a[i] == b[j] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row.back();
}

/// Spells flags as CLI11 wants them. Earlier versions took every flag with one dash or two, and values behind
/// an equals sign; CLI11 would read `-stats` as `-s -t -a -t -s`.
std::vector<std::string> normalise(const CLI::App& app, const std::vector<std::string>& arguments) {
  std::vector<std::string> result;
  bool only_values = false;
  for (const std::string& argument : arguments) {
    only_values = only_values || argument == "--";
    const std::size_t dashes = std::min(argument.find_first_not_of('-'), argument.size());
    const std::size_t equals = argument.find('=');
    const std::string name = argument.substr(dashes, equals == std::string::npos ? equals : equals - dashes);
    if (only_values || dashes == 0 || dashes > 2 || name.empty() ||
        app.get_option_no_throw((name.size() == 1 ? "-" : "--") + name) == nullptr) {
      result.push_back(argument);
    } else if (name.size() > 1) {
      result.push_back("--" + argument.substr(dashes));
    } else {
      result.push_back("-" + name);
      if (equals != std::string::npos) result.push_back(argument.substr(equals + 1));
    }
  }
  return result;
}

std::string overview(const std::vector<std::unique_ptr<Command>>& commands) {
  std::string text =
      "pcapml: ground-truth labelled network traffic datasets\n\nUsage: pcapml COMMAND "
      "[OPTIONS]\n\nCommands:\n";
  for (const auto& command : commands)
    text += fmt::format("  {:<9} {}\n", command->name(), command->summary());
  text += "\n`pcapml COMMAND --help` has the options and an example; `pcapml --version` the version.\n";
  return text;
}

Parsed complain(std::string_view problem, std::string_view hint) {
  fmt::print(stderr, "pcapml: {}\n{}\n", problem, hint);
  return {nullptr, kUsage, false};
}

Parsed unknown_command(const std::string& word, const std::vector<std::unique_ptr<Command>>& commands) {
  const auto nearest = std::min_element(commands.begin(), commands.end(), [&](const auto& a, const auto& b) {
    return distance(word, a->name()) < distance(word, b->name());
  });
  std::string problem = fmt::format("there is no command '{}'", word);
  if (distance(word, (*nearest)->name()) <= 3)
    problem += fmt::format("; did you mean '{}'?", (*nearest)->name());
  return complain(problem, "`pcapml --help` lists the commands.");
}

}  // namespace

Parsed parse_command_line(int argc, const char* const* argv,
                          const std::vector<std::unique_ptr<Command>>& commands) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.empty()) {
    fmt::print(stderr, "{}", overview(commands));
    return {nullptr, kUsage, false};
  }
  if (words[0] == "--help" || words[0] == "-help" || words[0] == "-h" || words[0] == "help") {
    fmt::print("{}", overview(commands));
    return {};
  }
  if (words[0] == "--version" || words[0] == "-version" || words[0] == "-V") {
    fmt::print("pcapml {}\n", PCAPML_VERSION);
    return {};
  }
  const auto found =
      std::find_if(commands.begin(), commands.end(), [&](const auto& c) { return c->name() == words[0]; });
  if (found == commands.end()) return unknown_command(words[0], commands);
  Command& command = **found;

  Parsed parsed{&command, kDone, false};
  CLI::App app(std::string(command.summary()), fmt::format("pcapml {}", command.name()));
  app.set_help_flag("-h,--help", "Print this help and exit");
  app.get_formatter()->column_width(34);
  Options options(app);
  command.options(options);
  app.add_flag("-q,--quiet", parsed.quiet, "Only errors and warnings on stderr, no progress");
  app.footer(fmt::format("\nExample:\n  {}", command.example()));
  auto end = words.end();
  if (options.rest() != nullptr) {
    end = std::find(words.begin(), words.end(), "--");
    if (end != words.end()) options.rest()->assign(end + 1, words.end());
  }
  std::vector<std::string> arguments = normalise(app, {words.begin() + 1, end});
  std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the back
  try {
    app.parse(arguments);
  } catch (const CLI::CallForHelp&) {
    fmt::print("{}", app.help());
    return {};
  } catch (const CLI::ParseError& error) {
    return complain(fmt::format("{}: {}", command.name(), error.what()),
                    fmt::format("`pcapml {} --help` lists its options.", command.name()));
  }
  return parsed;
}

}  // namespace pcapml::cli
