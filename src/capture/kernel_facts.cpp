// SPDX-License-Identifier: Apache-2.0
#include "capture/kernel_facts.h"

#include <fmt/format.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <tuple>

namespace pcapml {
namespace {

struct NamedCapability {
  int bit;
  const char* name;
};

// linux/capability.h of the build machine may be older than CAP_PERFMON (38) and CAP_BPF (39) of Linux 5.8.
constexpr NamedCapability kToLoad[] = {
    {39, "CAP_BPF"}, {38, "CAP_PERFMON"}, {CAP_NET_ADMIN, "CAP_NET_ADMIN"}};
constexpr NamedCapability kToScan[] = {{CAP_SYS_PTRACE, "CAP_SYS_PTRACE"},
                                       {CAP_DAC_READ_SEARCH, "CAP_DAC_READ_SEARCH"}};

bool has(Capabilities capabilities, int bit) { return (capabilities >> bit & 1) != 0; }

template <std::size_t N>
std::vector<std::string> missing_of(const NamedCapability (&wanted)[N], Capabilities capabilities) {
  std::vector<std::string> names;
  for (const auto& [bit, name] : wanted)
    if (!has(capabilities, bit)) names.emplace_back(name);
  return names;
}

}  // namespace

bool KernelVersion::is_before(int other_major, int other_minor) const {
  return major > 0 && std::tie(major, minor) < std::tie(other_major, other_minor);
}

KernelVersion parse_release(const std::string& release) {
  KernelVersion version{release};
  if (std::sscanf(release.c_str(), "%d.%d", &version.major, &version.minor) != 2) version.major = 0;
  return version;
}

KernelVersion running_kernel() {
  utsname system{};
  uname(&system);
  return parse_release(system.release);
}

bool has_btf() { return access("/sys/kernel/btf/vmlinux", R_OK) == 0; }

std::optional<std::string> lockdown_mode() {
  constexpr const char* kDirectory = "/sys/kernel/security";
  std::ifstream file(std::string(kDirectory) + "/lockdown");
  std::string text;
  if (!std::getline(file, text)) {
    struct statfs fs {};
    const bool is_mounted = statfs(kDirectory, &fs) == 0 && fs.f_type == SECURITYFS_MAGIC;
    if (is_mounted && access((std::string(kDirectory) + "/lockdown").c_str(), F_OK) != 0) return "";
    return std::nullopt;
  }
  const std::size_t from = text.find('['), to = text.find(']');
  if (from == std::string::npos || to == std::string::npos) return std::nullopt;
  return text.substr(from + 1, to - from - 1);
}

Capabilities effective_capabilities() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (unsigned long long effective = 0; std::sscanf(line.c_str(), "CapEff: %llx", &effective) == 1)
      return effective;
  return ~Capabilities{0};
}

std::vector<std::string> missing_to_load(Capabilities capabilities) {
  // CAP_SYS_ADMIN stands for all three (capabilities(7)).
  return has(capabilities, CAP_SYS_ADMIN) ? std::vector<std::string>{} : missing_of(kToLoad, capabilities);
}

std::vector<std::string> missing_to_scan(Capabilities capabilities) {
  return missing_of(kToScan, capabilities);
}

bool may_lock_memory(Capabilities capabilities) { return has(capabilities, CAP_SYS_RESOURCE); }

Obstacle without_live_capture() {
  return {
      "this pcapml was built without live capture, because clang, bpftool, libbpf, libcap-ng or "
      "libseccomp was missing",
      "install them with scripts/setup build, and build again"};
}

Obstacle old_kernel(const KernelVersion& kernel) {
  return {fmt::format("Linux {} is too old", kernel.release), "5.10 or newer is needed"};
}

Obstacle no_capabilities() {
  return {
      "capture needs root, or the capabilities CAP_BPF, CAP_PERFMON, CAP_NET_ADMIN, CAP_SYS_PTRACE and "
      "CAP_DAC_READ_SEARCH",
      "run it with sudo"};
}

Obstacle no_btf() {
  return {"the kernel has no BTF (/sys/kernel/btf/vmlinux)",
          "use a kernel with CONFIG_DEBUG_INFO_BTF=y, as distributions build it"};
}

Obstacle locked_down() {
  return {"the kernel is locked down (confidentiality), which forbids reading kernel memory",
          "boot without lockdown=confidentiality"};
}

Obstacle no_cgroup2() {
  return {"cgroup2 is not mounted",
          "mount it with: mount -t cgroup2 none /sys/fs/cgroup (or boot with "
          "systemd.unified_cgroup_hierarchy=1)"};
}

}  // namespace pcapml
