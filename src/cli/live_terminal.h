// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <termios.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "cli/live_table.h"
#include "io/file_descriptor.h"

namespace pcapml::cli {

/// The table of a running capture on the terminal of stderr, redrawn in place, and the keys of stdin.
///
/// All is opened by create(), so that a sandbox may forbid that later. The first update() takes the terminal
/// (no echo, no lines; Ctrl-C stays, Ctrl-Z does nothing, because a stopped capture loses packets); the
/// destructor gives it back. A terminal that is slow or gone never throws and holds nothing up.
class LiveTerminal {
 public:
  /// nullptr where stderr is no terminal that can show a table, or belongs to another job.
  static std::unique_ptr<LiveTerminal> create();
  ~LiveTerminal();
  LiveTerminal(const LiveTerminal&) = delete;
  LiveTerminal& operator=(const LiveTerminal&) = delete;

  /// Takes keys, and redraws where a second has passed, a key asks for it, or clear() was called.
  void update(const std::function<CaptureProgress()>& look);
  /// Takes the table away, so that lines can be printed where it stood.
  void clear();

 private:
  explicit LiveTerminal(FileDescriptor screen);

  using Clock = std::chrono::steady_clock;

  void take_terminal();
  bool take_keys();
  void draw(const CaptureProgress& progress);
  std::string to_first_line(std::size_t width, bool erases) const;
  bool flush(std::chrono::milliseconds patience = std::chrono::milliseconds{0});

  FileDescriptor screen_;
  termios before_{};  ///< filled in by the initializer of has_keys_
  bool has_keys_;
  bool is_taken_ = false;
  bool is_gone_ = false;
  LiveView view_;
  Clock::time_point drawn_{};
  bool is_stale_ = true;
  std::vector<std::size_t> line_widths_;  ///< of what stands on the screen
  std::string pending_;                   ///< what the terminal has not taken yet
};

}  // namespace pcapml::cli
