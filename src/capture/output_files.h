// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <deque>
#include <set>
#include <string>
#include <vector>

#include "capture/file_plan.h"
#include "io/file_descriptor.h"

namespace pcapml {

/// The files of a capture, by name: opens the next one, runs the command for those that are complete, removes
/// the oldest. Not thread-safe.
class OutputFiles {
 public:
  explicit OutputFiles(FilePlan plan) : plan_(std::move(plan)) {}
  /// Removes the first file again where begin() was not reached and it was not there before.
  ~OutputFiles();
  OutputFiles(const OutputFiles&) = delete;
  OutputFiles& operator=(const OutputFiles&) = delete;

  struct File {
    FileDescriptor descriptor;
    std::string name;
  };
  /// The next file; the one before is complete. The first keeps what it holds until begin(), all others are
  /// empty. Throws std::system_error.
  File open_next();
  /// The first file is ours from now on.
  void begin() { has_begun_ = true; }
  /// The last file is complete. Waits for the commands; how many failed.
  std::size_t finish();

 private:
  struct Made {
    std::string name;
    bool is_regular = false;
    bool was_there = false;
  };

  void complete(const Made& file);
  void reap(int options);

  FilePlan plan_;
  std::size_t number_ = 0;
  std::deque<Made> made_;  // and not removed; the last is being written
  std::set<std::string> names_;
  std::string base_;           // of the last name
  std::size_t namesakes_ = 0;  // files before it that had the same
  std::set<pid_t> commands_;
  std::size_t failed_ = 0;
  bool has_begun_ = false;
};

}  // namespace pcapml
