// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "bpf/events.h"
#include "format/process_block.h"
#include "pcapml/capture.h"

namespace pcapml {

/// A process as one program that it runs; exec() makes another.
struct Process {
  ProcessInfo info;            ///< start_time_ns is that of the process or of its exec
  std::uint64_t start_ns = 0;  ///< boot time
  bool is_written = false;     ///< its block stands in the file
};

/// What is known of the processes that own sockets.
class ProcessTable {
 public:
  /// `offset_ns` turns boot time into time since the epoch.
  void learn(const pcapml_process_event& event, std::int64_t offset_ns);
  /// Reads /proc, for processes that were there before; nullptr where it is gone.
  Process* learn(std::uint32_t pid, std::uint64_t start_ns, std::int64_t offset_ns);

  /// nullptr where nothing was learnt of it.
  Process* find(std::uint32_t pid, std::uint64_t start_ns);

 private:
  void complete(Process& process, std::uint64_t inode);

  std::unordered_map<std::uint32_t, Process> processes_;  // by pid
};

/// Start of a process in nanoseconds of boot time, to the kernel's clock tick; 0 where it is gone.
std::uint64_t start_of(std::uint32_t pid);

/// What names a process in labels.
std::string label_of(const Process& process, std::string_view comm, LabelBy by);
/// The last part of a path.
std::string_view base_name(std::string_view path);

}  // namespace pcapml
