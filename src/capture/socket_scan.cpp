// SPDX-License-Identifier: Apache-2.0
#include "capture/socket_scan.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <unordered_set>
#include <vector>

#include "capture/process_facts.h"
#include "io/file_descriptor.h"

namespace pcapml {
namespace {

namespace fs = std::filesystem;

std::uint32_t number_of(const std::string& name) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), value);
  return error == std::errc{} && end == name.data() + name.size() ? value : 0;
}

std::vector<std::uint32_t> process_ids() {
  std::vector<std::uint32_t> ids;
  std::error_code error;
  for (fs::directory_iterator it("/proc", error), end; !error && it != end; it.increment(error))
    if (const std::uint32_t pid = number_of(it->path().filename().string()); pid != 0) ids.push_back(pid);
  std::sort(ids.begin(), ids.end());
  return ids;
}

template <class T>
T option_of(int socket, int name) {
  T value{};
  socklen_t size = sizeof value;
  if (getsockopt(socket, SOL_SOCKET, name, &value, &size) != 0) return {};
  return value;
}

bool is_internet(int socket) {
  const int domain = option_of<int>(socket, SO_DOMAIN);
  return domain == AF_INET || domain == AF_INET6;
}

pcapml_endpoint local_end(int socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  pcapml_endpoint end{};
  if (getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) return end;
  end.family = address.ss_family;
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    end.port = v4.sin_port;
    std::memcpy(end.address, &v4.sin_addr, 4);
  } else if (address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    end.port = v6.sin6_port;
    std::memcpy(end.address, &v6.sin6_addr, 16);
  }
  return end;
}

/// The number of the network namespace that a socket lives in; that of its process where the kernel does not
/// say.
std::uint32_t netns_of(int socket, std::uint32_t pid) {
  struct stat status {};
  const FileDescriptor netns(ioctl(socket, SIOCGSKNS));
  if (netns && fstat(netns.get(), &status) == 0) return static_cast<std::uint32_t>(status.st_ino);
  if (stat(fmt::format("/proc/{}/ns/net", pid).c_str(), &status) == 0)
    return static_cast<std::uint32_t>(status.st_ino);
  return 0;
}

pcapml_owner owner_of(std::uint32_t pid) {
  pcapml_owner owner{};
  owner.pid = owner.tid = pid;
  owner.start_ns = start_of(pid);
  owner.via = PCAPML_VIA_SCAN;
  std::ifstream comm(fmt::format("/proc/{}/comm", pid), std::ios::binary);
  comm.getline(owner.name, sizeof owner.name);
  return owner;
}

}  // namespace

ScanResult scan_sockets(const std::function<void(const ScannedSocket&)>& found) {
  ScanResult result;
  std::unordered_set<std::string> seen;  // "socket:[inode]"
  for (const std::uint32_t pid : process_ids()) {
    std::error_code error;
    FileDescriptor process;
    pcapml_owner owner{};
    for (fs::directory_iterator it(fmt::format("/proc/{}/fd", pid), error), end; !error && it != end;
         it.increment(error)) {
      std::error_code gone;
      const std::string target = fs::read_symlink(it->path(), gone).string();
      if (gone || !target.starts_with("socket:") || seen.contains(target)) continue;
      if (!process) {
        process = FileDescriptor(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
        if (!process) break;
        owner = owner_of(pid);
      }
      const auto number = static_cast<int>(number_of(it->path().filename().string()));
      const FileDescriptor copy(static_cast<int>(syscall(SYS_pidfd_getfd, process.get(), number, 0)));
      if (!copy) {
        if (errno == EPERM) {
          ++result.refused;
          break;
        }
        continue;
      }
      seen.insert(target);
      if (!is_internet(copy.get())) continue;
      ScannedSocket socket{copy.get(), owner, option_of<int>(copy.get(), SO_ACCEPTCONN) != 0,
                           local_end(copy.get()), netns_of(copy.get(), pid)};
      socket.owner.cookie = option_of<std::uint64_t>(copy.get(), SO_COOKIE);
      if (!socket.listens) socket.owner.confirmed_cookie = socket.owner.cookie;
      ++result.sockets;
      found(socket);
    }
    if (error == std::errc::permission_denied) ++result.refused;
  }
  return result;
}

}  // namespace pcapml
