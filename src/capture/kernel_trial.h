// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

namespace pcapml {

/// Whether this build has the programs at all.
bool has_live_capture();

/// What came of loading the programs, and of attaching them to a cgroup that was made for it.
struct KernelTrial {
  std::string load_trouble;    ///< empty: they loaded
  std::string cgroup_trouble;  ///< empty: a cgroup could be made for the trial
  std::string attach_trouble;  ///< empty: they attached, where there was a cgroup
  bool sees_readers = false;
};

/// Loads the programs with a buffer of that size, attaches them to an empty cgroup of its own below
/// `cgroup2`, or where that is not allowed below the cgroup of this process, and takes all of it away again.
/// Attaches to no other cgroup.
KernelTrial try_programs(std::size_t buffer_bytes, const std::string& cgroup2);

}  // namespace pcapml
