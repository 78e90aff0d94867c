// SPDX-License-Identifier: Apache-2.0
// Runs a command and writes what it cost to a file: wall, user and system seconds, peak KiB, wait status. A
// small program of its own, because a child's peak memory is never below that of the process that started it.

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <chrono>
#include <cstdio>
#include <cstring>

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fputs("timed RESULT OUTPUT COMMAND [ARGUMENT...]\n", stderr);
    return 2;
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, argv[2], O_WRONLY | O_CREAT | O_TRUNC, 0666);
  const auto begin = std::chrono::steady_clock::now();
  pid_t pid = 0;
  if (const int error = posix_spawnp(&pid, argv[3], &actions, nullptr, argv + 3, environ); error != 0) {
    std::fprintf(stderr, "%s: %s\n", argv[3], std::strerror(error));
    return 1;
  }
  int status = 0;
  rusage usage = {};
  wait4(pid, &status, 0, &usage);
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - begin;
  std::FILE* result = std::fopen(argv[1], "w");
  if (result == nullptr) return 1;
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  std::fprintf(result, "%.6f %.6f %.6f %ld %d\n", wall.count(), seconds(usage.ru_utime),
               seconds(usage.ru_stime), usage.ru_maxrss, status);
  return std::fclose(result) == 0 ? 0 : 1;
}
