// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "io/output_stream.h"

namespace pcapml {

/// Durability of committed output.
enum class Sync : bool { no, yes };

/// A file that appears under its name only when commit() is called; until then an existing file of that name
/// is untouched. "-" (standard output), pipes and devices are written directly. Compressed where the name
/// says so (.gz, .zst, .xz, .lz4, .bz2).
///
/// The bytes are the same for any number of threads; 0 stands for as many as there are processors.
///
/// Throws std::system_error where the file cannot be created or written.
class OutputFile {
 public:
  explicit OutputFile(const std::string& path, Sync sync = Sync::no, unsigned threads = 0);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  OutputFile(OutputFile&&) noexcept;
  OutputFile& operator=(OutputFile&&) = delete;

  OutputStream& stream();
  /// Whether nothing may be read by others before commit(): a regular file, not a pipe.
  bool is_regular() const;
  /// Writes what is held back and gives the file its name.
  void commit();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Throws UsageError where `output` names the same file as one of `inputs`, links included.
void refuse_same_file(const std::string& output, const std::vector<std::string>& inputs);

/// Writes to a descriptor that it borrows; `name` is for messages.
std::unique_ptr<Sink> descriptor_sink(int descriptor, std::string name);

}  // namespace pcapml
