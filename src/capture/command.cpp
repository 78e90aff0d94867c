// SPDX-License-Identifier: Apache-2.0
#include "capture/command.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string_view>

#include "pcapml/error.h"

namespace pcapml {
namespace {

bool is_program(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return false;
  if (S_ISDIR(status.st_mode)) errno = EISDIR;
  return !S_ISDIR(status.st_mode) && access(path.c_str(), X_OK) == 0;
}

/// As execvp() looks for it, but in the PATH of that environment. Empty: errno says why.
std::string find_program(const std::string& word, const std::vector<std::string>& environment) {
  if (word.find('/') != std::string::npos) return is_program(word) ? word : "";
  const auto path = std::find_if(environment.begin(), environment.end(),
                                 [](const std::string& entry) { return entry.starts_with("PATH="); });
  std::string_view rest = path == environment.end() ? "/usr/bin:/bin" : std::string_view(*path).substr(5);
  int error = ENOENT;
  while (true) {
    const std::string_view directory = rest.substr(0, rest.find(':'));
    std::string found = std::string(directory.empty() ? "." : directory) + "/" + word;
    if (is_program(found)) return found;
    if (errno == EACCES) error = EACCES;
    if (directory.size() == rest.size()) break;
    rest.remove_prefix(directory.size() + 1);
  }
  errno = error;
  return {};
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> result;
  result.reserve(texts.size() + 1);
  for (const std::string& text : texts) result.push_back(const_cast<char*>(text.c_str()));
  result.push_back(nullptr);
  return result;
}

/// As exec() does, but now: a handler would only break the wait.
void stop_handling(int number) {
  struct sigaction action {};
  if (sigaction(number, nullptr, &action) == 0 && action.sa_handler != SIG_IGN) signal(number, SIG_DFL);
}

[[noreturn]] void be_command(const std::vector<std::string>& words, const Identity& user, int go, int told) {
  const auto tell = [&](int error) { return write(told, &error, sizeof error) == sizeof error; };
  try {
    const std::vector<std::string> environment = session_environment(user);  // before /proc hides from us
    become(user, {});
    const std::string program = find_program(words[0], environment);
    if (program.empty()) {
      tell(errno);
      _exit(127);
    }
    signal(SIGPIPE, SIG_DFL);
    signal(SIGXFSZ, SIG_DFL);
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGUSR1}) stop_handling(number);
    char word = 0;
    if (!tell(0) || read(go, &word, 1) != 1) _exit(127);
    const auto arguments = pointers(words), variables = pointers(environment);
    execve(program.c_str(), arguments.data(), variables.data());
    dprintf(STDERR_FILENO, "pcapml: %s: cannot run: %s\n", program.c_str(), strerror(errno));
  } catch (const std::exception&) {
    tell(EPERM);
  }
  _exit(127);
}

}  // namespace

CapturedCommand::CapturedCommand(const std::vector<std::string>& words, const Identity& user,
                                 bool on_stderr) {
  int go[2], told[2];
  if (pipe2(go, O_CLOEXEC) != 0 || pipe2(told, O_CLOEXEC) != 0) throw_errno(words[0], "start");
  const FileDescriptor go_in(go[0]), told_in(told[0]);
  go_ = FileDescriptor(go[1]);
  FileDescriptor told_out(told[1]);
  pid_ = fork();
  if (pid_ < 0) throw_errno(words[0], "start");
  if (pid_ == 0) {
    go_.reset();
    if (on_stderr) dup2(STDERR_FILENO, STDOUT_FILENO);
    be_command(words, user, go[0], told[1]);
  }
  told_out.reset();
  int error = 0;
  ssize_t n = 0;
  do n = read(told[0], &error, sizeof error);
  while (n < 0 && errno == EINTR);
  if (n != sizeof error || error != 0) {
    go_.reset();
    waitpid(pid_, nullptr, 0);
    throw_errno(words[0], "run", n == sizeof error ? error : ECHILD);
  }
}

CapturedCommand::~CapturedCommand() {
  if (!go_) return;
  go_.reset();
  waitpid(pid_, nullptr, 0);
}

void CapturedCommand::begin() {
  const char word = 1;
  [[maybe_unused]] const ssize_t told =
      write(go_.get(), &word, 1);  // where it is gone, its exit code says so
  go_.reset();
}

std::optional<int> CapturedCommand::exit_code() {
  int status = 0;
  if (!exit_code_ && waitpid(pid_, &status, WNOHANG) == pid_)
    exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return exit_code_;
}

void CapturedCommand::send(int signal) {
  if (!exit_code()) kill(pid_, signal);
}

}  // namespace pcapml
