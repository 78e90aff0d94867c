// SPDX-License-Identifier: Apache-2.0
#include "selftest/capture_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <vector>

#include "io/interrupt.h"
#include "pcapml/error.h"
#include "selftest/process.h"

namespace pcapml::selftest {
namespace {

constexpr const char* kReady = "pcapml: capturing on ";

[[noreturn]] void become_capture(const std::vector<std::string>& words, int said, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGINT);
  if (::getppid() != parent) ::_exit(1);
  const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  ::dup2(nothing, STDIN_FILENO);
  ::dup2(nothing, STDOUT_FILENO);
  ::dup2(said, STDERR_FILENO);
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  ::execv("/proc/self/exe", arguments.data());
  ::_exit(127);
}

}  // namespace

CaptureProcess::CaptureProcess(const std::string& output, const std::string& cgroup) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw_errno("pipe", "make a");
  said_ = FileDescriptor{ends[0]};
  FileDescriptor end{ends[1]};
  const std::vector<std::string> words = {"pcapml", "capture",       "-o",     output,       "--cgroup",
                                          cgroup,   "--include-dns", "--json", "--snap-len", "0"};
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ < 0) throw_errno("pcapml capture", "start");
  if (pid_ == 0) become_capture(words, end.get(), parent);
  end.reset();
  try {
    while (text_.find(kReady) == std::string::npos)
      if (!read_more()) {
        wait();
        throw KernelError(words_of_failure());
      }
  } catch (...) {
    end_now();
    throw;
  }
}

CaptureProcess::~CaptureProcess() { end_now(); }

void CaptureProcess::end_now() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) continue;
  pid_ = -1;
}

void CaptureProcess::stop() {
  ::kill(pid_, SIGINT);
  while (read_more()) continue;
  if (const int status = wait(); status != 0)
    throw DataError(fmt::format("the capture failed: {}", words_of_failure()));
}

bool CaptureProcess::read_more() {
  pollfd readable{said_.get(), POLLIN, 0};
  const int ready = ::poll(&readable, 1, kPatience_s * 1000);
  check_interrupt();
  if (ready < 0 && errno == EINTR) return true;
  if (ready <= 0) throw DataError("the capture does not answer");
  std::array<char, 4096> piece;
  const ssize_t size = ::read(said_.get(), piece.data(), piece.size());
  if (size < 0 && errno == EINTR) return true;
  if (size < 0) throw_errno("pcapml capture", "hear");
  text_.append(piece.data(), static_cast<std::size_t>(size));
  return size > 0;
}

int CaptureProcess::wait() {
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0) {
    if (errno != EINTR) throw_errno("pcapml capture", "wait for");
    check_interrupt();
  }
  pid_ = -1;
  return status;
}

/// What it said, without the name that the program puts before its words.
std::string CaptureProcess::words_of_failure() const {
  constexpr std::string_view kPrefix = "pcapml: ";
  std::string words = text_;
  for (std::size_t at = 0; (at = words.find(kPrefix, at)) != std::string::npos;)
    if (at == 0 || words[at - 1] == '\n')
      words.erase(at, kPrefix.size());
    else
      ++at;
  while (!words.empty() && words.back() == '\n') words.pop_back();
  return words;
}

}  // namespace pcapml::selftest
