// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "capture/identity.h"
#include "io/file_descriptor.h"

namespace pcapml {

/// A command that is captured. It waits from the start, as a process of its user that has not begun its
/// program.
class CapturedCommand {
 public:
  /// With `on_stderr` its standard output goes there, too. Throws std::system_error where there is no such
  /// program, or it may not be run.
  CapturedCommand(const std::vector<std::string>& words, const Identity& user, bool on_stderr);
  /// Kills it where it still waits.
  ~CapturedCommand();
  CapturedCommand(const CapturedCommand&) = delete;
  CapturedCommand& operator=(const CapturedCommand&) = delete;

  pid_t pid() const { return pid_; }
  /// Lets it begin.
  void begin();
  bool has_begun() const { return !go_; }
  /// Does not wait. Its exit code, or 128 and the number of the signal that ended it; nullopt while it runs.
  std::optional<int> exit_code();
  void send(int signal);

 private:
  pid_t pid_ = 0;
  FileDescriptor go_;
  std::optional<int> exit_code_;
};

}  // namespace pcapml
