// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <string>
#include <unordered_map>

#include "bpf/events.h"
#include "capture/process_facts.h"
#include "format/process_block.h"
#include "pcapml/capture.h"

namespace pcapml {

/// A process as one program that it runs; exec() makes another.
struct Process {
  ProcessInfo info;              ///< start_time_ns is that of the process or of its exec
  std::uint64_t start_ns = 0;    ///< boot time
  std::uint64_t written_in = 0;  ///< the file, counted from 1, that has its block; 0: none
};

/// What is known of the processes that own sockets. Of those that were not asked for longest it forgets.
class ProcessTable {
 public:
  static constexpr std::size_t kMost = 16384;
  /// As pcapml::complete().
  using Complete = std::function<bool(ProcessInfo& info, std::uint64_t start_ns, std::uint64_t inode)>;
  explicit ProcessTable(Complete complete = pcapml::complete) : complete_(std::move(complete)) {}

  /// `offset_ns` turns boot time into time since the epoch.
  void learn(const pcapml_process_event& event, std::int64_t offset_ns);
  /// A process that was there before, or whose news was lost. Lives until the next call, as what find()
  /// gives.
  Process& learn(const pcapml_owner& owner, std::int64_t offset_ns);

  /// nullptr where nothing was learnt of it.
  Process* find(std::uint32_t pid, std::uint64_t start_ns);

 private:
  struct Kept {
    Process process;
    std::list<std::uint32_t>::iterator place;
  };
  Process& keep(Process process);

  Complete complete_;
  std::unordered_map<std::uint32_t, Kept> processes_;  // by pid
  std::list<std::uint32_t> order_;                     // pids, the one used last at the end
};

/// What names a process in labels.
std::string label_of(const Process& process, std::string_view comm, LabelBy by);
/// The last part of a path.
std::string_view base_name(std::string_view path);

}  // namespace pcapml
