// SPDX-License-Identifier: Apache-2.0
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <fstream>

#include "capture/doctor.h"

namespace pcapml {
namespace {

/// The first namespaces have fixed inodes (include/linux/proc_ns.h of the kernel).
constexpr ino_t kFirstUsers = 0xEFFFFFFD, kFirstPids = 0xEFFFFFFC, kFirstCgroups = 0xEFFFFFFB;

bool is_another(const char* path, ino_t first) {
  struct stat status {};
  return stat(path, &status) == 0 && status.st_ino != first;
}

std::string own_executable() {
  std::array<char, 4096> path{};
  const ssize_t size = readlink("/proc/self/exe", path.data(), path.size());
  return size > 0 ? std::string(path.data(), static_cast<std::size_t>(size)) : "pcapml";
}

std::optional<std::uint64_t> locked_memory_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0 || limit.rlim_max == RLIM_INFINITY) return std::nullopt;
  return limit.rlim_max;  // the hard limit: capture raises the soft one
}

std::optional<std::uint64_t> available_memory() {
  std::ifstream file("/proc/meminfo");
  for (std::string line; std::getline(file, line);)
    if (unsigned long long kibibytes = 0; std::sscanf(line.c_str(), "MemAvailable: %llu kB", &kibibytes) == 1)
      return kibibytes << 10;
  return std::nullopt;
}

/// A kernel that has them complains of the address, another of the request.
bool has_seccomp_filters() {
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, nullptr, 0, 0) != 0 && errno == EFAULT;
}

}  // namespace

MachineFacts gather_facts(std::size_t buffer_megabytes) {
  MachineFacts facts;
  facts.has_live_capture = has_live_capture();
  facts.kernel = running_kernel();
  facts.has_btf = has_btf();
  facts.cgroups = cgroup_mounts();
  facts.has_seccomp = has_seccomp_filters();
  facts.capabilities = effective_capabilities();
  facts.executable = own_executable();
  facts.own_users = is_another("/proc/self/ns/user", kFirstUsers);
  facts.own_pids = is_another("/proc/self/ns/pid", kFirstPids);
  facts.own_cgroups = is_another("/proc/self/ns/cgroup", kFirstCgroups);
  facts.lockdown = lockdown_mode();
  facts.locked_memory_bytes = locked_memory_limit();
  facts.available_memory_bytes = available_memory();
  facts.buffer_bytes = std::uint64_t{buffer_megabytes} << 20;
  const bool fits = !facts.available_memory_bytes || *facts.available_memory_bytes > facts.buffer_bytes;
  if (facts.has_live_capture && !facts.kernel.is_before(5, 10) && facts.has_btf &&
      !facts.cgroups.cgroup2.empty() && !facts.own_users && missing_to_load(facts.capabilities).empty() &&
      fits)
    facts.trial = try_programs(facts.buffer_bytes, facts.cgroups.cgroup2);
  return facts;
}

Diagnosis examine_machine(std::size_t buffer_megabytes) { return diagnose(gather_facts(buffer_megabytes)); }

}  // namespace pcapml
