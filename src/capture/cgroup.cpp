// SPDX-License-Identifier: Apache-2.0
#include "capture/cgroup.h"

#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <fstream>
#include <sstream>

#include "capture/kernel_facts.h"
#include "pcapml/error.h"

namespace pcapml {
namespace {

constexpr const char* kCustomaryPlace = "/sys/fs/cgroup";

bool is_cgroup2(const std::string& path) {
  struct statfs fs {};
  return statfs(path.c_str(), &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC;
}

}  // namespace

CgroupMounts cgroup_mounts() {
  std::ifstream mounts("/proc/self/mountinfo");
  CgroupMounts result;
  std::string& found = result.cgroup2;
  for (std::string line; std::getline(mounts, line);) {
    // "36 35 98:0 /root /mount/point options - type source options" (proc(5)); "\040" stands for a blank
    std::istringstream fields(line);
    std::string skipped, root, point;
    fields >> skipped >> skipped >> skipped >> root >> point;
    const std::size_t dash = line.find(" - ");
    if (dash == std::string::npos) continue;
    if (line.compare(dash + 3, 7, "cgroup ") == 0) result.has_version_1 = true;
    if (line.compare(dash + 3, 8, "cgroup2 ") != 0 || root != "/") continue;
    if (found.empty() || point == kCustomaryPlace) found = point;
  }
  return result;
}

std::string cgroup2_mount() { return cgroup_mounts().cgroup2; }

std::string cgroup_directory(const std::string& path) {
  if (!path.empty() && is_cgroup2(path)) return path;
  std::string mount = cgroup2_mount();
  if (path.empty() || path == kCustomaryPlace) {
    if (mount.empty()) throw KernelError(no_cgroup2().sentence());
    return mount;
  }
  struct stat status {};
  if (stat(path.c_str(), &status) != 0)
    throw UsageError(fmt::format("--cgroup {}: there is no such directory", path));
  throw UsageError(fmt::format("--cgroup {}: not a directory of cgroup2, which is mounted at {}", path,
                               mount.empty() ? "no place" : mount));
}

}  // namespace pcapml
