// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "pcapml/dataset.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace pcapml::cli {

/// The option table of one command: one line defines parsing and help. Names are given as "-i,--input"; every
/// long name may also be typed with one dash.
class Options {
 public:
  explicit Options(CLI::App& app) : app_(app) {}

  /// A required value.
  void required(const char* names, std::string& into, const char* help);
  /// A value that may be left out.
  void optional(const char* names, std::string& into, const char* help);
  /// A whole number, the given value being the default.
  void number(const char* names, std::size_t& into, const char* help);
  void flag(const char* names, bool& into, const char* help);
  /// One of a few words.
  void choice(const char* names, std::string& into, const std::vector<std::string>& words, const char* help);
  /// A number of megabytes (1,000,000 bytes), as of bytes; 0 where it is not given.
  void megabytes(const char* names, std::uint64_t& into, const char* help);
  /// --memory and --tmp.
  void memory(MemoryOptions& into);
  /// All that stands behind "--".
  void rest(std::vector<std::string>& into) { rest_ = &into; }
  std::vector<std::string>* rest() const { return rest_; }
  /// Required arguments without a flag.
  void arguments(const char* name, std::vector<std::string>& into, const char* help);
  /// One argument without a flag that may be left out.
  void argument(const char* name, std::string& into, const char* help);

  /// --salvage and --legacy-timestamps.
  void input(InputOptions& into);
  /// --fsync and --threads.
  void output(OutputOptions& into);
  /// --format pcap|pcapng, the given value being the default.
  void format(OutputFormat& into);
  /// --json.
  void json(bool& into);

 private:
  CLI::App& app_;
  std::vector<std::string>* rest_ = nullptr;
};

}  // namespace pcapml::cli
