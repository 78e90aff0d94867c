// SPDX-License-Identifier: Apache-2.0
#include "capture/kernel_trouble.h"

#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <optional>

namespace pcapml {
namespace {

/// CAP_SYS_ADMIN; since Linux 5.8 CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN do together (capabilities(7)).
bool has_capabilities() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    unsigned long long effective = 0;
    if (std::sscanf(line.c_str(), "CapEff: %llx", &effective) != 1) continue;
    const auto has = [&](int bit) { return (effective >> bit & 1) != 0; };
    return has(21) || (has(39) && has(38) && has(12));
  }
  return true;
}

std::string lockdown() {
  std::ifstream file("/sys/kernel/security/lockdown");
  std::string text;
  std::getline(file, text);
  const std::size_t from = text.find('['), to = text.find(']');
  return from == std::string::npos || to == std::string::npos ? "" : text.substr(from + 1, to - from - 1);
}

std::optional<std::string> cause(int error) {
  utsname system{};
  uname(&system);
  int major = 0, minor = 0;
  if (std::sscanf(system.release, "%d.%d", &major, &minor) == 2 && (major < 5 || (major == 5 && minor < 10)))
    return fmt::format("Linux {} is too old; 5.10 or newer is needed", system.release);
  if (!has_capabilities())
    return std::string(
        "capture needs root, or the capabilities CAP_BPF, CAP_PERFMON, CAP_NET_ADMIN, CAP_SYS_PTRACE and "
        "CAP_DAC_READ_SEARCH; run "
        "it "
        "with sudo");
  if (access("/sys/kernel/btf/vmlinux", R_OK) != 0)
    return std::string(
        "the kernel has no BTF (/sys/kernel/btf/vmlinux); use a kernel with CONFIG_DEBUG_INFO_BTF=y, as "
        "distributions build it");
  if (error == EPERM && lockdown() == "confidentiality")
    return std::string(
        "the kernel is locked down (confidentiality), which forbids reading kernel memory; boot without "
        "lockdown=confidentiality");
  if (error == EPERM)
    return std::string(
        "the kernel forbids it; in a container, add the capabilities CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN "
        "and allow "
        "the bpf system call; before Linux 5.11, ulimit -l unlimited");
  if (error == ENOMEM) return std::string("there is not enough memory; ask for a smaller --buffer");
  if (error == E2BIG || error == EACCES || error == EINVAL)
    return fmt::format(
        "the kernel's verifier refused them (Linux {}); please report this with the words below",
        system.release);
  return std::nullopt;
}

}  // namespace

std::string trouble(std::string_view action, int error, std::string_view words) {
  std::string text = fmt::format("cannot {}: {}", action, std::strerror(error));
  if (const auto known = cause(error))
    return text + "\n" + *known + (known->ends_with("below") ? "\n" + std::string(words) : "");
  while (!words.empty() && words.back() == '\n') words.remove_suffix(1);
  if (!words.empty()) text += fmt::format("\n{}", words);
  return text;
}

}  // namespace pcapml
