// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pcapml {

struct KernelVersion {
  std::string release;  ///< as uname(2) has it
  int major = 0;        ///< 0 where the release is of no known form
  int minor = 0;

  bool is_before(int other_major, int other_minor) const;
};

KernelVersion parse_release(const std::string& release);
KernelVersion running_kernel();

bool has_btf();

/// `none`, `integrity` or `confidentiality`; empty where the kernel has no lockdown, nullopt where it cannot
/// be read.
std::optional<std::string> lockdown_mode();

/// Bits as in linux/capability.h.
using Capabilities = std::uint64_t;
Capabilities effective_capabilities();
/// Names of the capabilities without which the programs cannot be loaded.
std::vector<std::string> missing_to_load(Capabilities capabilities);
/// Names of those without which the open files of other users' processes cannot be read.
std::vector<std::string> missing_to_scan(Capabilities capabilities);
bool may_lock_memory(Capabilities capabilities);

/// What stands in the way, and what to do about it.
struct Obstacle {
  std::string problem;
  std::string remedy;

  std::string sentence() const { return problem + "; " + remedy; }
};

Obstacle without_live_capture();
Obstacle old_kernel(const KernelVersion& kernel);
Obstacle no_capabilities();
Obstacle no_btf();
Obstacle locked_down();
Obstacle no_cgroup2();

}  // namespace pcapml
