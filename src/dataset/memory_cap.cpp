// SPDX-License-Identifier: Apache-2.0
#include "dataset/memory_cap.h"

#include <fmt/format.h>
#include <sys/sysinfo.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>

#include "pcapml/error.h"

namespace pcapml {
namespace {

namespace fs = std::filesystem;

/// The lowest limit of a control group and those above it; a file without a number ("max") sets none.
std::uint64_t limit_below(const fs::path& root, const fs::path& group, const char* file) {
  std::uint64_t lowest = std::numeric_limits<std::uint64_t>::max();
  for (fs::path at = group.relative_path();; at = at.parent_path()) {
    std::uint64_t limit = 0;
    if (std::ifstream(root / at / file) >> limit) lowest = std::min(lowest, limit);
    if (at.empty()) return lowest;
  }
}

std::uint64_t control_group_limit() {
  std::uint64_t lowest = std::numeric_limits<std::uint64_t>::max();
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    // hierarchy:controllers:path, see cgroups(7)
    const auto first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1),
                      path = line.substr(second + 1);
    if (controllers.empty()) {
      lowest = std::min(lowest, limit_below("/sys/fs/cgroup", path, "memory.max"));
    } else if (("," + controllers + ",").find(",memory,") != std::string::npos) {
      lowest = std::min(lowest, limit_below("/sys/fs/cgroup/memory", path, "memory.limit_in_bytes"));
    }
  }
  return lowest;
}

}  // namespace

std::uint64_t memory_cap(std::uint64_t requested_bytes) {
  if (requested_bytes == 0) {
    struct sysinfo machine = {};
    ::sysinfo(&machine);
    const std::uint64_t all = std::uint64_t{machine.totalram} * machine.mem_unit;
    return std::max(std::min(all, control_group_limit()) / 4, kSmallestMemory);
  }
  if (requested_bytes < kSmallestMemory)
    throw UsageError(fmt::format("--memory: {} bytes are too few; {}M is the least", requested_bytes,
                                 kSmallestMemory >> 20));
  return requested_bytes;
}

}  // namespace pcapml
