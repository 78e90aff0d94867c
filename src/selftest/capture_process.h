// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <string>

#include "io/file_descriptor.h"

namespace pcapml::selftest {

/// This program as `pcapml capture`, in a process of its own; ended where it is still running.
class CaptureProcess {
 public:
  /// Returns when packets are being captured. Throws KernelError with its words where that fails.
  CaptureProcess(const std::string& output, const std::string& cgroup);
  ~CaptureProcess();
  CaptureProcess(const CaptureProcess&) = delete;
  CaptureProcess& operator=(const CaptureProcess&) = delete;

  /// Lets it write what it has, and waits for its end. Throws DataError where it does not end well.
  void stop();

 private:
  bool read_more();
  int wait();
  std::string words_of_failure() const;
  void end_now();

  pid_t pid_ = -1;
  FileDescriptor said_;
  std::string text_;
};

}  // namespace pcapml::selftest
