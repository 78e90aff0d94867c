// SPDX-License-Identifier: Apache-2.0
#include "capture/process_table.h"

#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "capture/build_id.h"

namespace pcapml {
namespace {

constexpr std::uint64_t kTick = 10'000'000;  // ns; /proc tells starts in USER_HZ, which is 100 everywhere

/// /proc rounds down what the kernel's programs tell exactly.
bool is_same_start(std::uint64_t a, std::uint64_t b) { return a / kTick == b / kTick; }

std::string proc_path(std::uint32_t pid, const char* what) { return fmt::format("/proc/{}/{}", pid, what); }

std::string read_proc(std::uint32_t pid, const char* what, std::size_t most) {
  std::ifstream file(proc_path(pid, what), std::ios::binary);
  std::string text(most, '\0');
  file.read(text.data(), static_cast<std::streamsize>(most));
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

std::string first_line(std::string text) {
  text.resize(std::min(text.find('\n'), text.size()));
  return text;
}

std::string text_of(const char* chars, std::size_t capacity) { return {chars, strnlen(chars, capacity)}; }

/// Empty where the kernel's programs could not read all of it.
std::string path_of(const pcapml_process_event& event) {
  if (event.path_is_whole == 0) return {};
  std::string path;
  for (const auto& part : event.path) {
    const std::string name = text_of(part, sizeof part);
    if (name == "/") break;
    if (name.size() >= sizeof part - 1) return {};
    if (!name.empty()) path.insert(0, "/" + name);
  }
  return path;
}

std::string cgroup_of(std::uint32_t pid) {
  std::string text = read_proc(pid, "cgroup", 16384);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = std::string_view(text).substr(at, end - at);
    if (line.starts_with("0::")) return std::string(line.substr(3));
    at = end + 1;
  }
  return {};
}

std::optional<std::uint32_t> number_in(const std::string& status, std::string_view key) {
  const std::size_t at = status.find(key);
  std::uint32_t value = 0;
  if (at == std::string::npos) return std::nullopt;
  const char* from = status.data() + at + key.size();
  if (std::from_chars(from, status.data() + status.size(), value).ec != std::errc{}) return std::nullopt;
  return value;
}

std::string user_name(std::uint32_t uid) {
  passwd entry{};
  passwd* found = nullptr;
  char buffer[4096];
  if (getpwuid_r(uid, &entry, buffer, sizeof buffer, &found) != 0 || found == nullptr) return {};
  return found->pw_name;
}

std::uint64_t inode_of(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 ? status.st_ino : 0;
}

/// False where the file is another one than the executable, whose inode this is; 0: any file is right.
bool identify(ProcessInfo& info, const std::string& executable, std::uint64_t inode) {
  const std::uint64_t found = inode_of(executable);
  if (found == 0 || (inode != 0 && inode != found)) return false;
  const std::vector<std::byte> id = build_id_of(executable);
  for (const std::byte byte : id) info.build_id += fmt::format("{:02x}", std::to_integer<unsigned>(byte));
  if (id.size() >= 16) info.uuid.assign(id.begin(), id.begin() + 16);
  return true;
}

}  // namespace

std::uint64_t start_of(std::uint32_t pid) {
  const std::string stat = read_proc(pid, "stat", 4096);
  std::size_t at = stat.rfind(')');  // the name before may hold anything
  if (at == std::string::npos) return 0;
  for (int field = 2; field < 22 && at != std::string::npos; ++field) at = stat.find(' ', at + 1);
  if (at == std::string::npos) return 0;
  std::uint64_t ticks = 0;
  std::from_chars(stat.data() + at + 1, stat.data() + stat.size(), ticks);
  return ticks * kTick;
}

void ProcessTable::learn(const pcapml_process_event& event, std::int64_t offset_ns) {
  Process process;
  process.start_ns = event.start_ns;
  ProcessInfo& info = process.info;
  info.pid = event.pid;
  info.name = text_of(event.name, sizeof event.name);
  info.path = path_of(event);
  info.command_line.assign(event.arguments,
                           std::min<std::size_t>(event.arguments_length, sizeof event.arguments));
  info.parent = event.parent;
  info.uid = event.uid;
  const std::uint64_t began = event.exec_ns != 0 ? event.exec_ns : event.start_ns;
  info.start_time_ns = static_cast<std::int64_t>(began) + offset_ns;
  complete(process, event.inode);
  // What the scan of /proc learnt is the same program, unless this is an exec.
  if (const Process* known = find(event.pid, event.start_ns); known != nullptr && event.exec_ns == 0)
    process.is_written = known->is_written;
  processes_[event.pid] = std::move(process);
}

Process* ProcessTable::learn(std::uint32_t pid, std::uint64_t start_ns, std::int64_t offset_ns) {
  if (!is_same_start(start_of(pid), start_ns)) return nullptr;
  Process process;
  process.start_ns = start_ns;
  ProcessInfo& info = process.info;
  info.pid = pid;
  info.name = first_line(read_proc(pid, "comm", 64));
  info.start_time_ns = static_cast<std::int64_t>(start_ns) + offset_ns;
  complete(process, 0);
  return &(processes_[pid] = std::move(process));
}

/// Adds what only /proc tells, where the process is there and still runs this program; of one that is gone,
/// what its executable tells.
void ProcessTable::complete(Process& process, std::uint64_t inode) {
  ProcessInfo& info = process.info;
  const bool is_there = is_same_start(start_of(info.pid), process.start_ns);
  if (is_there && identify(info, proc_path(info.pid, "exe"), inode)) {
    std::error_code ignored;
    if (info.path.empty())
      info.path = std::filesystem::read_symlink(proc_path(info.pid, "exe"), ignored).string();
    if (info.command_line.empty()) info.command_line = read_proc(info.pid, "cmdline", 65536);
    info.cgroup = cgroup_of(info.pid);
  } else if (inode != 0) {
    identify(info, info.path, inode);
  }
  if (is_there && !info.parent) {
    const std::string status = read_proc(info.pid, "status", 4096);
    info.parent = number_in(status, "\nPPid:\t");
    info.uid = number_in(status, "\nUid:\t");
  }
  if (info.uid) info.user = user_name(*info.uid);
}

Process* ProcessTable::find(std::uint32_t pid, std::uint64_t start_ns) {
  const auto it = processes_.find(pid);
  return it != processes_.end() && is_same_start(it->second.start_ns, start_ns) ? &it->second : nullptr;
}

std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

std::string label_of(const Process& process, std::string_view comm, LabelBy by) {
  const ProcessInfo& info = process.info;
  std::string label;
  if (by == LabelBy::exe) label = base_name(info.path);
  if (by == LabelBy::cmdline) {
    label = info.command_line;
    while (!label.empty() && label.back() == '\0') label.pop_back();
    std::replace(label.begin(), label.end(), '\0', ' ');
  }
  if (by == LabelBy::unit) {
    std::string_view rest = info.cgroup;
    label = base_name(rest);
    for (; !rest.empty() && rest != "/"; rest = rest.substr(0, rest.rfind('/'))) {
      const std::string_view part = base_name(rest);
      if (part.ends_with(".service") || part.ends_with(".scope")) {
        label = part;
        break;
      }
    }
  }
  return label.empty() ? std::string(comm) : label;
}

}  // namespace pcapml
