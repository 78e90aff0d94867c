// SPDX-License-Identifier: Apache-2.0
#include "capture/doctor.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace pcapml {
namespace {

Check ok(std::string name, std::string text) {
  return {CheckState::ok, std::move(name), std::move(text), ""};
}
Check note(std::string name, std::string text, std::string remedy = "") {
  return {CheckState::note, std::move(name), std::move(text), std::move(remedy)};
}
Check missing(std::string name, Obstacle obstacle) {
  return {CheckState::missing, std::move(name), std::move(obstacle.problem), std::move(obstacle.remedy)};
}

std::string names_of(const std::vector<std::string>& names) {
  return fmt::format("{}", fmt::join(names, ", "));
}

std::string megabytes(std::uint64_t bytes) { return fmt::format("{} MB", bytes >> 20); }

/// What the kernel says, on one line.
std::string one_line(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

bool loads(const MachineFacts& m) { return m.trial && m.trial->load_trouble.empty(); }

Check check_build(const MachineFacts& m) {
  return m.has_live_capture ? ok("build", "has live capture") : missing("build", without_live_capture());
}

Check check_kernel(const MachineFacts& m) {
  if (m.kernel.is_before(5, 10)) return missing("kernel", old_kernel(m.kernel));
  if (m.kernel.major == 0) return note("kernel", fmt::format("Linux {}: of no known form", m.kernel.release));
  return ok("kernel", fmt::format("Linux {} (5.10 or newer is needed)", m.kernel.release));
}

Check check_btf(const MachineFacts& m) {
  return m.has_btf ? ok("BTF", "/sys/kernel/btf/vmlinux") : missing("BTF", no_btf());
}

Check check_cgroup2(const MachineFacts& m) {
  if (m.cgroups.cgroup2.empty()) return missing("cgroup2", no_cgroup2());
  return ok("cgroup2",
            fmt::format("at {}{}", m.cgroups.cgroup2,
                        m.cgroups.has_version_1 ? " (hybrid: version 1 is mounted, too)" : " (unified)"));
}

Check check_privileges(const MachineFacts& m) {
  const std::string setcap = fmt::format(
      "sudo setcap cap_bpf,cap_perfmon,cap_net_admin,cap_sys_ptrace,cap_dac_read_search+ep {}", m.executable);
  if (m.own_users)
    return missing("privileges",
                   {"this is a user namespace, whose capabilities the kernel does not count for BPF",
                    "run it outside, or in a container that has none (not rootless)"});
  const std::vector<std::string> load = missing_to_load(m.capabilities),
                                 scan = missing_to_scan(m.capabilities);
  if (!load.empty()) {
    std::vector<std::string> all = load;
    all.insert(all.end(), scan.begin(), scan.end());
    return missing("privileges",
                   {fmt::format("without {}", names_of(all)),
                    fmt::format("run it with sudo, or give the program what it needs: {}", setcap)});
  }
  if (!scan.empty())
    return note(
        "privileges",
        fmt::format("without {}: sockets of other users from before the capture are unknown until used",
                    names_of(scan)),
        fmt::format("run it with sudo, or: {}", setcap));
  return ok("privileges", "all that is needed");
}

Check check_sandbox(const MachineFacts& m) {
  if (m.has_seccomp) return ok("sandbox", "seccomp filters");
  return missing("sandbox", {"the kernel has no seccomp filters",
                             "use a kernel with CONFIG_SECCOMP_FILTER=y, as distributions build it"});
}

Check check_lockdown(const MachineFacts& m) {
  if (!m.lockdown) {
    if (loads(m)) return ok("lockdown", "none that forbids capture");
    return note("lockdown", "cannot be read (/sys/kernel/security/lockdown)");
  }
  if (*m.lockdown == "confidentiality") return missing("lockdown", locked_down());
  return ok("lockdown", m.lockdown->empty() || *m.lockdown == "none"
                            ? "none"
                            : fmt::format("{}, which does no harm", *m.lockdown));
}

Check check_locked_memory(const MachineFacts& m) {
  if (!m.kernel.is_before(5, 11)) return ok("memlock", "no limit for BPF since Linux 5.11");
  if (!m.locked_memory_bytes || may_lock_memory(m.capabilities)) return ok("memlock", "no limit");
  if (loads(m)) return ok("memlock", "enough");
  if (*m.locked_memory_bytes > m.buffer_bytes) return ok("memlock", megabytes(*m.locked_memory_bytes));
  return missing("memlock",
                 {fmt::format("{} KB may be locked, less than the buffer of {} (before Linux 5.11)",
                              *m.locked_memory_bytes >> 10, megabytes(m.buffer_bytes)),
                  "ulimit -l unlimited, or a smaller --buffer"});
}

Check check_memory(const MachineFacts& m) {
  if (!m.available_memory_bytes) return note("memory", "cannot be read (/proc/meminfo)");
  const std::string text = fmt::format("{} available, for a buffer of {}",
                                       megabytes(*m.available_memory_bytes), megabytes(m.buffer_bytes));
  if (*m.available_memory_bytes <= m.buffer_bytes) return missing("memory", {text, "a smaller --buffer"});
  // Packets that wait for their process take up to 64 MiB more.
  if (*m.available_memory_bytes < m.buffer_bytes + (std::uint64_t{128} << 20))
    return note("memory", text + ": that is little", "a smaller --buffer");
  return ok("memory", text);
}

std::vector<Check> check_container(const MachineFacts& m) {
  std::vector<std::string> own;
  if (m.own_pids) own.emplace_back("process ids");
  if (m.own_cgroups) own.emplace_back("cgroups");
  if (m.own_users) own.emplace_back("users");
  if (own.empty()) return {ok("container", "none")};
  std::string text = fmt::format("looks like one: it has {} of its own", fmt::join(own, ", "));
  if (m.own_cgroups) text += "; only sockets of its own cgroups can be captured";
  if (m.own_pids) text += "; process ids in the file are the machine's, not those of /proc here";
  return {note("container", text, "for the whole machine, run it outside")};
}

std::vector<Check> check_trial(const MachineFacts& m) {
  if (!m.trial) return {note("programs", "not tried, because of what is missing")};
  const KernelTrial& trial = *m.trial;
  if (!trial.load_trouble.empty()) return {missing("programs", {one_line(trial.load_trouble), ""})};
  if (!trial.cgroup_trouble.empty())
    return {ok("programs", "the kernel loads them"),
            note("hooks", fmt::format("not tried: {}", trial.cgroup_trouble))};
  if (!trial.attach_trouble.empty())
    return {ok("programs", "the kernel loads them"), missing("hooks", {one_line(trial.attach_trouble), ""})};
  return {ok("programs", "the kernel loads them"),
          ok("hooks", "attached to a cgroup made for it, and removed")};
}

std::vector<Check> check_sight(const MachineFacts& m) {
  std::vector<Check> checks;
  const bool sees_readers = loads(m) ? m.trial->sees_readers : !m.kernel.is_before(6, 3);
  checks.push_back(sees_readers
                       ? ok("readers", "who reads from a socket is seen")
                       : note("readers",
                              "not seen before Linux 6.3: a process that only reads may be taken for the one "
                              "that bound or listens"));
  checks.push_back(m.kernel.is_before(6, 12)
                       ? note("SYN-ACKs", "those of servers on IPv6 are not seen before Linux 6.12")
                       : ok("SYN-ACKs", "seen on IPv4 and IPv6"));
  checks.push_back(note("invisible",
                        "on every kernel: what has no socket, such as ARP, forwarded packets, closed ports; "
                        "see doc/capture.md"));
  return checks;
}

}  // namespace

bool Diagnosis::works() const {
  return std::none_of(checks.begin(), checks.end(),
                      [](const Check& check) { return check.state == CheckState::missing; });
}

Diagnosis diagnose(const MachineFacts& m) {
  Diagnosis diagnosis{{check_build(m), check_kernel(m), check_btf(m), check_cgroup2(m), check_privileges(m),
                       check_sandbox(m), check_lockdown(m), check_locked_memory(m), check_memory(m)}};
  for (const auto& more : {check_container(m), check_trial(m), check_sight(m)})
    diagnosis.checks.insert(diagnosis.checks.end(), more.begin(), more.end());
  return diagnosis;
}

}  // namespace pcapml
