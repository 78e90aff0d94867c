// SPDX-License-Identifier: Apache-2.0
#include "capture/output_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "pcapml/error.h"

namespace pcapml {

OutputFiles::~OutputFiles() {
  if (has_begun_ || made_.empty()) return;
  const Made& first = made_.front();
  if (first.is_regular && !first.was_there) unlink(first.name.c_str());
}

OutputFiles::File OutputFiles::open_next() {
  if (!made_.empty()) complete(made_.back());
  ++number_;
  Made made;
  const std::string name = file_name(plan_, number_, std::time(nullptr));
  // Within its hour, say. Numbers of files that are gone do not come again, so that names keep their order.
  namesakes_ = name == base_ ? namesakes_ + 1 : 0;
  base_ = name;
  made.name = namesakes_ == 0 ? name : numbered(name, namesakes_);
  while (names_.contains(made.name)) made.name = numbered(name, ++namesakes_);  // the clock was set back
  struct stat status {};
  made.was_there = stat(made.name.c_str(), &status) == 0;
  const int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (number_ > 1 ? O_TRUNC : 0);
  FileDescriptor file(open(made.name.c_str(), flags, 0666));
  if (!file) throw_errno(made.name, "create");
  made.is_regular = fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode);
  names_.insert(made.name);
  made_.push_back(made);
  while (plan_.keep != 0 && made_.size() > plan_.keep) {
    const Made& oldest = made_.front();
    if (oldest.is_regular && unlink(oldest.name.c_str()) != 0 && errno != ENOENT)
      fmt::print(stderr, "pcapml: {}: cannot remove: {}\n", oldest.name, strerror(errno));
    names_.erase(oldest.name);
    made_.pop_front();
  }
  return {std::move(file), made_.back().name};
}

void OutputFiles::complete(const Made& file) {
  reap(WNOHANG);
  if (plan_.after.empty()) return;
  const std::string line = plan_.after + " \"$1\"";
  const pid_t pid = fork();
  if (pid < 0) throw_errno(plan_.after, "start");
  if (pid == 0) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGPIPE, SIGXFSZ}) signal(number, SIG_DFL);
    dup2(STDERR_FILENO, STDOUT_FILENO);  // standard output is for results
    const int nothing = open("/dev/null", O_RDONLY);
    dup2(nothing, STDIN_FILENO);
    setpgid(0, 0);  // Ctrl-C ends the capture, not what becomes of its files
    execl("/bin/sh", "sh", "-c", line.c_str(), "sh", file.name.c_str(), nullptr);
    _exit(127);
  }
  commands_.insert(pid);
}

void OutputFiles::reap(int options) {
  for (auto it = commands_.begin(); it != commands_.end();) {
    int status = 0;
    const pid_t ended = waitpid(*it, &status, options);
    if (ended == 0 || (ended < 0 && errno == EINTR)) {
      if (ended == 0) ++it;
      continue;
    }
    if (ended > 0 && status != 0) ++failed_;
    it = commands_.erase(it);
  }
}

std::size_t OutputFiles::finish() {
  if (!made_.empty() && has_begun_) complete(made_.back());
  reap(0);
  return failed_;
}

}  // namespace pcapml
