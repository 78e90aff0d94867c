// SPDX-License-Identifier: Apache-2.0
#include "selftest/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <exception>

#include "io/interrupt.h"
#include "pcapml/error.h"

namespace pcapml::selftest {

Signal::Signal() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw_errno("pipe", "make a");
  reader_ = FileDescriptor{ends[0]};
  writer_ = FileDescriptor{ends[1]};
}

void Signal::give() const {
  if (::write(writer_.get(), ".", 1) != 1) throw_errno("pipe", "write to a");
}

void Signal::wait() const {
  if (!is_given_within(kPatience_s * 1000)) throw DataError("another process of the selftest did not get on");
}

bool Signal::is_given_within(int milliseconds) const {
  // In short steps, because an interrupt just before poll() does not wake it.
  for (constexpr int kStep_ms = 100;; milliseconds -= kStep_ms) {
    check_interrupt();
    pollfd readable{reader_.get(), POLLIN, 0};
    const int ready = ::poll(&readable, 1, std::clamp(milliseconds, 0, kStep_ms));
    char byte = 0;
    if (ready == 1) return ::read(reader_.get(), &byte, 1) == 1;
    if (ready == 0 && milliseconds <= kStep_ms) return false;
  }
}

void rename_self(const std::string& name) { ::prctl(PR_SET_NAME, name.c_str()); }

pid_t start_process(const std::string& name, const std::function<void()>& play) {
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) throw_errno(name, "start");
  if (pid > 0) return pid;
  int status = 1;
  try {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) std::signal(signal, SIG_DFL);
    rename_self(name);
    play();
    status = 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "pcapml: {}: {}\n", name, error.what());
  }
  ::_exit(status);
}

void await_process(pid_t pid, const std::string& name) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) throw_errno(name, "wait for");
    check_interrupt();
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    throw DataError(fmt::format("the process {} of the selftest failed", name));
}

}  // namespace pcapml::selftest
