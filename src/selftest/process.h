// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

#include "io/file_descriptor.h"

namespace pcapml::selftest {

/// How long anything here waits for anything else. Guests without KVM are slow; nothing else comes near it.
inline constexpr int kPatience_s = 60;

/// A byte that one process gives and another one waits for. Made before they are.
class Signal {
 public:
  Signal();
  void give() const;
  /// Throws DataError where none comes.
  void wait() const;
  bool is_given_within(int milliseconds) const;

 private:
  FileDescriptor reader_, writer_;
};

/// The calling process's name, as labels have it.
void rename_self(const std::string& name);

/// A child of this name that plays and exits, with 0, or with 1 and a line on stderr; it dies with its
/// parent. In it, signals have their usual effect.
pid_t start_process(const std::string& name, const std::function<void()>& play);

/// Waits for its end; throws DataError unless it exited with 0.
void await_process(pid_t pid, const std::string& name);

}  // namespace pcapml::selftest
