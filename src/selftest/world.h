// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <set>
#include <string>

#include "io/file_descriptor.h"

namespace pcapml::selftest {

/// A cgroup of our own, below the mount of cgroup2. Its end ends and reaps all processes in it and removes
/// it.
///
/// Throws KernelError where none can be made.
class ControlGroup {
 public:
  ControlGroup();
  ~ControlGroup();
  ControlGroup(const ControlGroup&) = delete;
  ControlGroup& operator=(const ControlGroup&) = delete;

  const std::string& path() const { return path_; }
  /// Moves the calling process there.
  void enter() const;

 private:
  void kill_members(std::set<pid_t>& killed) const;
  std::string path_;
};

/// A network namespace without a name, gone with the last process and file that holds it. Its lo is up.
///
/// For programs of one thread: the maker is inside for a moment. Throws KernelError where none can be made.
class NetworkNamespace {
 public:
  NetworkNamespace();

  /// Moves the calling process there for good.
  void enter() const;
  /// Packets that its lo has dropped between sender and receiver.
  std::uint64_t dropped() const;

  /// The calling thread is inside as long as this lives.
  class Visit {
   public:
    explicit Visit(const NetworkNamespace& space);
    ~Visit();
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;

   private:
    FileDescriptor home_;
  };

 private:
  FileDescriptor file_;
};

/// A directory for the files of one run, removed with what is in it.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace pcapml::selftest
