// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace pcapml {

struct CgroupMounts {
  std::string cgroup2;         ///< empty where it is not mounted
  bool has_version_1 = false;  ///< controllers of version 1 are mounted as well: a hybrid machine
};

CgroupMounts cgroup_mounts();

/// Where cgroup2 is mounted, by /proc/self/mountinfo; empty where it is not.
std::string cgroup2_mount();

/// The directory to attach to: `path`, or the mount where it is empty or names the customary place while
/// cgroup2 lies elsewhere. Throws KernelError where there is no cgroup2, UsageError where `path` is none of
/// it.
std::string cgroup_directory(const std::string& path);

}  // namespace pcapml
