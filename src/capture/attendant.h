// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "capture/identity.h"
#include "capture/losses.h"
#include "capture/output_files.h"
#include "format/process_block.h"

namespace pcapml {

/// A process of our own that does what the one that parses packets may not: it opens the files, looks at
/// /proc and at the executables there, and asks the kernel. It takes no names of files from the other side,
/// but the path of an executable whose build id is wanted. Not thread-safe.
class Attendant {
 public:
  /// What it asks the kernel; called in its process.
  struct Kernel {
    std::function<Losses()> losses;
    std::function<bool()> is_any_alive;
  };
  /// Starts it, as this user. Begins before links to the kernel's programs exist, so that those end with the
  /// caller.
  Attendant(const Identity& user, FilePlan plan, const Kernel& kernel);
  /// Ends it, and waits for that.
  ~Attendant();
  Attendant(const Attendant&) = delete;
  Attendant& operator=(const Attendant&) = delete;

  // As OutputFiles has them. Throw std::system_error with what went wrong there.
  OutputFiles::File open_next();
  void begin();
  /// A signal ends the wait, and throws Interrupted; the commands go on.
  std::size_t finish();

  /// As pcapml::complete().
  bool complete(ProcessInfo& info, std::uint64_t start_ns, std::uint64_t inode);
  Losses losses();
  bool is_any_alive();

 private:
  std::vector<std::byte> ask(Bytes request, FileDescriptor* file = nullptr);
  std::vector<std::byte> answer(FileDescriptor* file);

  FileDescriptor channel_;
  std::string user_;  // where it is another one than the caller
  pid_t pid_ = 0;
  bool is_left_alone_ = false;
};

}  // namespace pcapml
