// SPDX-License-Identifier: Apache-2.0
#include "capture/process_facts.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <optional>

#include "capture/build_id.h"
#include "io/file_descriptor.h"

namespace pcapml {
namespace {

constexpr std::uint64_t kTick = 10'000'000;  // ns; /proc tells starts in USER_HZ, which is 100 everywhere

constexpr std::size_t kMostArguments = 65536;

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

/// The file, if it is a regular one with this inode (0: any), by a name that leads nowhere else. To open a
/// device may do something, and the path may be another file's by now.
std::string safe_name(const FileDescriptor& place, std::uint64_t inode) {
  struct stat status {};
  if (!place || fstat(place.get(), &status) != 0 || !S_ISREG(status.st_mode)) return {};
  if (inode != 0 && status.st_ino != inode) return {};
  return fmt::format("/proc/self/fd/{}", place.get());
}

/// False where the file is another one than the executable, whose inode this is; 0: any file is right.
bool identify(ProcessInfo& info, const std::string& executable, std::uint64_t inode) {
  const FileDescriptor place(open(executable.c_str(), O_PATH | O_CLOEXEC));
  const std::string name = safe_name(place, inode);
  if (name.empty()) return false;
  const std::vector<std::byte> id = build_id_of(name);
  for (const std::byte byte : id) info.build_id += fmt::format("{:02x}", std::to_integer<unsigned>(byte));
  if (id.size() >= 16) info.uuid.assign(id.begin(), id.begin() + 16);
  return true;
}

}  // namespace

bool is_process(std::uint32_t pid) {
  const std::string status = read_proc(pid, "status", 4096);
  return number_in(status, "\nTgid:\t") == pid && status.find("\nState:\tZ") == std::string::npos;
}

std::optional<std::uint32_t> user_of(std::uint32_t pid) {
  return number_in(read_proc(pid, "status", 4096), "\nUid:\t");
}

bool sees_kernels_process_ids() {
  constexpr ino_t kFirstNamespace = 0xeffffffc;  // PROC_PID_INIT_INO, include/linux/proc_ns.h
  struct stat status {};
  return stat("/proc/self/ns/pid", &status) != 0 || status.st_ino == kFirstNamespace;
}

bool is_same_start(std::uint64_t a, std::uint64_t b) { return a / kTick == b / kTick; }

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

bool complete(ProcessInfo& info, std::uint64_t start_ns, std::uint64_t inode) {
  const bool is_there = is_same_start(start_of(info.pid), start_ns);
  if (is_there && identify(info, proc_path(info.pid, "exe"), inode)) {
    std::error_code ignored;
    if (info.path.empty())
      info.path = std::filesystem::read_symlink(proc_path(info.pid, "exe"), ignored).string();
    if (info.command_line.empty()) info.command_line = read_proc(info.pid, "cmdline", kMostArguments);
    info.cgroup = cgroup_of(info.pid);
  } else if (inode != 0) {
    identify(info, info.path, inode);
  }
  if (is_there && info.name.empty()) info.name = first_line(read_proc(info.pid, "comm", 64));
  if (is_there && !info.parent) {
    const std::string status = read_proc(info.pid, "status", 4096);
    info.parent = number_in(status, "\nPPid:\t");
    info.uid = number_in(status, "\nUid:\t");
  }
  if (info.uid) info.user = user_name(*info.uid);
  return is_there;
}

}  // namespace pcapml
