// SPDX-License-Identifier: Apache-2.0
#include "selftest/world.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

#include "capture/cgroup.h"
#include "pcapml/error.h"

namespace pcapml::selftest {
namespace {

[[noreturn]] void cannot(const std::string& action, int error) {
  if (error == EPERM || error == EACCES)
    throw KernelError(
        fmt::format("cannot {}: {}\n"
                    "selftest needs root: it makes a cgroup and a network namespace of its own, and captures "
                    "them; run it with sudo, or in a container with CAP_SYS_ADMIN and a writable cgroup2",
                    action, std::strerror(error)));
  if (error == EROFS)
    throw KernelError(fmt::format("cannot {}: {}\nmount cgroup2 writable: mount -o remount,rw {}", action,
                                  std::strerror(error), cgroup2_mount()));
  if (error == EINVAL || error == ENOSYS)
    throw KernelError(
        fmt::format("cannot {}: {}\nuse a kernel with CONFIG_NET_NS=y, as distributions build it", action,
                    std::strerror(error)));
  throw KernelError(fmt::format("cannot {}: {}", action, std::strerror(error)));
}

FileDescriptor own_namespace() {
  FileDescriptor file{::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)};
  if (!file) throw_errno("/proc/thread-self/ns/net", "open");
  return file;
}

void bring_up(const char* device) {
  const FileDescriptor control{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  ifreq request{};
  std::strncpy(request.ifr_name, device, IFNAMSIZ - 1);
  if (ioctl(control.get(), SIOCGIFFLAGS, &request) != 0) throw_errno(device, "read the flags of");
  request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
  if (ioctl(control.get(), SIOCSIFFLAGS, &request) != 0) throw_errno(device, "bring up");
}

}  // namespace

ControlGroup::ControlGroup() : path_(fmt::format("{}/pcapml-selftest-{}", cgroup_directory(""), ::getpid())) {
  if (::mkdir(path_.c_str(), 0755) != 0) cannot(fmt::format("make the cgroup {}", path_), errno);
}

ControlGroup::~ControlGroup() {
  const std::string events = path_ + "/cgroup.events";
  const FileDescriptor file{::open(events.c_str(), O_RDONLY | O_CLOEXEC)};
  std::set<pid_t> killed;
  // The limit is for processes that cannot die, as on a file system that hangs.
  for (int rounds = 0; ::rmdir(path_.c_str()) != 0; ++rounds) {
    if (errno != EBUSY || rounds == 100) return;
    kill_members(killed);
    // Wakes when it is empty; only a file that was read since then is told of the next change.
    pollfd change{file.get(), POLLPRI, 0};
    ::poll(&change, 1, 100);
    char state[256];
    if (::pread(file.get(), state, sizeof state, 0) < 0) return;
  }
  for (const pid_t pid : killed)  // a process leaves its group a little before it is gone
    while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) continue;
}

void ControlGroup::kill_members(std::set<pid_t>& killed) const {
  // All are stopped first, so that none complains of the others' end.
  for (const int signal : {SIGSTOP, SIGKILL}) {
    std::ifstream members(path_ + "/cgroup.procs");
    for (pid_t pid = 0; members >> pid;)
      if (pid > 0 && ::kill(pid, signal) == 0) killed.insert(pid);
  }
}

void ControlGroup::enter() const {
  const std::string procs = path_ + "/cgroup.procs";
  const FileDescriptor file{::open(procs.c_str(), O_WRONLY | O_CLOEXEC)};
  if (!file || ::write(file.get(), "0", 1) != 1) throw_errno(procs, "enter");
}

NetworkNamespace::NetworkNamespace() {
  const FileDescriptor home = own_namespace();
  if (::unshare(CLONE_NEWNET) != 0) cannot("make a network namespace", errno);
  try {
    file_ = own_namespace();
    bring_up("lo");
  } catch (...) {
    ::setns(home.get(), CLONE_NEWNET);
    throw;
  }
  if (::setns(home.get(), CLONE_NEWNET) != 0) throw_errno("network namespace", "return to the");
}

void NetworkNamespace::enter() const {
  if (::setns(file_.get(), CLONE_NEWNET) != 0) throw_errno("network namespace", "enter the");
}

std::uint64_t NetworkNamespace::dropped() const {
  const Visit visit{*this};
  std::ifstream devices("/proc/thread-self/net/dev");
  for (std::string line; std::getline(devices, line);) {
    // "lo: bytes packets errs drop ..."
    const std::size_t colon = line.find("lo:");
    if (colon == std::string::npos) continue;
    std::istringstream fields(line.substr(colon + 3));
    std::uint64_t skipped = 0, count = 0;
    fields >> skipped >> skipped >> skipped >> count;
    return count;
  }
  return 0;
}

NetworkNamespace::Visit::Visit(const NetworkNamespace& space) : home_(own_namespace()) { space.enter(); }

NetworkNamespace::Visit::~Visit() {
  if (::setns(home_.get(), CLONE_NEWNET) != 0)
    std::terminate();  // all that follows would be in the wrong place
}

TemporaryDirectory::TemporaryDirectory()
    : path_((std::filesystem::temp_directory_path() / "pcapml-selftest-XXXXXX").string()) {
  if (::mkdtemp(path_.data()) == nullptr) throw_errno(path_, "make the directory");
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace pcapml::selftest
