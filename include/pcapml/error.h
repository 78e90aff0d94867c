// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace pcapml {

/// A file's content is damaged or against its format. what() is `path: byte N: reason`.
class FormatError : public std::runtime_error {
 public:
  FormatError(std::string path, std::uint64_t offset, const std::string& reason);

  const std::string& path() const noexcept { return path_; }
  std::uint64_t offset() const noexcept { return offset_; }  ///< in the uncompressed data

 private:
  std::string path_;
  std::uint64_t offset_;
};

/// The data cannot become what was asked for (two link types in one pcap, say).
class DataError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The command line or a rule file is wrong. what() has one problem a line.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The kernel, or what it allows this user, lacks something. what() names cause and remedy.
class KernelError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// SIGINT or SIGTERM arrived; the work unwinds and leaves nothing behind.
class Interrupted : public std::runtime_error {
 public:
  explicit Interrupted(int signal);
  int signal() const noexcept { return signal_; }

 private:
  int signal_;
};

/// std::system_error of errno, with the path in what().
[[noreturn]] void throw_errno(const std::string& path, const char* action);
[[noreturn]] void throw_errno(const std::string& path, const char* action, int error);

}  // namespace pcapml
