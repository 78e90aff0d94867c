// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "io/file_descriptor.h"

namespace pcapml {

/// A directory that appears under its name only when commit() is called, in exchange for one of that name.
class OutputDirectory {
 public:
  /// Throws UsageError where `path` is not empty and `force` is not set, or where replacing it would take one
  /// of `inputs` or more than files with it.
  OutputDirectory(const std::string& path, bool force, const std::vector<std::string>& inputs);
  ~OutputDirectory();
  OutputDirectory(const OutputDirectory&) = delete;
  OutputDirectory& operator=(const OutputDirectory&) = delete;

  /// Of the directory that is being filled, for openat().
  int descriptor() const { return descriptor_.get(); }
  void commit();

 private:
  std::string path_;
  std::string temporary_;  ///< what to remove in the end: the unfinished directory, or the old one
  FileDescriptor descriptor_;
};

}  // namespace pcapml
