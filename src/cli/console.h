// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "pcapml/dataset.h"

namespace pcapml::cli {

/// Where a command speaks: results on stdout, everything else on stderr.
class Console {
 public:
  explicit Console(bool quiet);
  ~Console();

  /// Results go to stderr from now on, because stdout carries a capture.
  void reserve_stdout() { stdout_reserved_ = true; }

  /// Prints results; throws std::system_error where stdout cannot take them.
  void print(std::string_view text);
  /// Whether results go to a terminal, and how wide it is.
  bool is_terminal() const;
  int width() const;

  /// One line on stderr that -q silences.
  void note(std::string_view text);
  /// One line on stderr, always.
  void warn(std::string_view text);

  /// Shows how far a long work is; nullptr where stderr is no terminal, or with -q.
  Progress* progress();

  /// A picture of the caller's own on the terminal, which is taken away by `clear` before a line is printed.
  class Picture {
   public:
    Picture(Console& console, std::function<void()> clear) : console_(console) {
      console_.clear_picture_ = std::move(clear);
    }
    ~Picture() { console_.clear_picture_ = nullptr; }
    Picture(const Picture&) = delete;
    Picture& operator=(const Picture&) = delete;

   private:
    Console& console_;
  };
  bool is_quiet() const { return quiet_; }

  /// Prints warnings, what reading had to set right, and damage; gives the exit code that follows from it.
  int finish(const InputReport& report);

 private:
  class TerminalProgress;

  void clear_progress();
  bool quiet_;
  bool stdout_reserved_ = false;
  std::unique_ptr<TerminalProgress> progress_;
  std::function<void()> clear_picture_;
};

/// "1 packet", "2 packets", "1,234,567 packets".
std::string count_of(std::uint64_t n, std::string_view singular);
/// 1234567 as "1,234,567".
std::string grouped(std::uint64_t n);

}  // namespace pcapml::cli
