// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "capture/cgroup.h"
#include "capture/kernel_facts.h"
#include "capture/kernel_trial.h"
#include "pcapml/doctor.h"

namespace pcapml {

/// What was found out about a machine and this process.
struct MachineFacts {
  bool has_live_capture = true;
  KernelVersion kernel;
  bool has_btf = true;
  CgroupMounts cgroups;
  bool has_seccomp = true;  ///< filters of system calls, for the sandbox
  Capabilities capabilities = 0;
  std::string executable = "pcapml";  ///< for the line with setcap
  bool own_users = false;             ///< not in the first user namespace, so that capabilities do not count
  bool own_pids = false;
  bool own_cgroups = false;
  std::optional<std::string> lockdown;                  ///< as lockdown_mode() has it
  std::optional<std::uint64_t> locked_memory_bytes;     ///< nullopt: no limit
  std::optional<std::uint64_t> available_memory_bytes;  ///< nullopt: not known
  std::uint64_t buffer_bytes = 0;
  std::optional<KernelTrial> trial;  ///< nullopt: not tried
};

MachineFacts gather_facts(std::size_t buffer_megabytes);
Diagnosis diagnose(const MachineFacts& facts);

}  // namespace pcapml
