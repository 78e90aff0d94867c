// SPDX-License-Identifier: Apache-2.0
#include "capture/sandbox.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <pthread.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>

#include "io/file_descriptor.h"

namespace pcapml {
namespace {

/// What the function returns in a process of its own, or minus the signal that ended it.
int in_a_process(const std::function<int()>& function) {
  const pid_t pid = fork();
  if (pid == 0) _exit(function());
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/// A process that waits for its end.
class Sleeper {
 public:
  explicit Sleeper(const Identity& user) {
    int ends[2];
    if (pipe(ends) != 0) return;
    const FileDescriptor in(ends[0]);
    FileDescriptor out(ends[1]);
    pid_ = fork();
    if (pid_ == 0) {
      if (user.uid != getuid() && (setgid(user.gid) != 0 || setuid(user.uid) != 0)) _exit(1);
      out.reset();
      while (true) pause();
    }
    out.reset();
    char nothing = 0;
    EXPECT_EQ(read(in.get(), &nothing, 1), 0);  // it is that user
  }
  ~Sleeper() { end(SIGKILL); }
  Sleeper(const Sleeper&) = delete;
  Sleeper& operator=(const Sleeper&) = delete;

  pid_t pid() const { return pid_; }
  /// The signal that ended it.
  int end(int signal) {
    if (pid_ == 0) return 0;
    if (signal != 0) kill(pid_, signal);
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = 0;
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  }

 private:
  pid_t pid_ = 0;
};

/// Once as the user who runs this, once as nobody.
class SandboxTest : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (!filters_system_calls()) GTEST_SKIP() << "the sanitizers leave the filter of system calls out";
    if (GetParam() && geteuid() != 0) GTEST_SKIP() << "only root can become nobody";
    user_ = GetParam() ? capturing_user("nobody") : Identity{getuid(), getgid(), "oneself", "/", "/bin/sh"};
  }

  /// 0 or the errno of an attempt within the sandbox.
  int attempt(const std::function<long()>& call, pid_t command = 0) const {
    return in_a_process([&] {
      try {
        enter_sandbox(user_, command);
      } catch (const std::exception& error) {
        dprintf(STDERR_FILENO, "%s\n", error.what());
        return 255;
      }
      errno = 0;
      return call() < 0 ? errno : 0;
    });
  }

  Identity user_;
};

INSTANTIATE_TEST_SUITE_P(Users, SandboxTest, ::testing::Bool(),
                         [](const auto& one) { return one.param ? "Nobody" : "Oneself"; });

TEST_P(SandboxTest, OpensNoFile) {
  EXPECT_EQ(attempt([] { return open("/dev/null", O_RDONLY); }), EPERM);
  EXPECT_EQ(attempt([] { return open("/tmp/pcapml-sandbox-test", O_WRONLY | O_CREAT, 0666); }), EPERM);
  EXPECT_EQ(attempt([] { return syscall(SYS_openat2, AT_FDCWD, "/", nullptr, 0); }), EPERM);
  EXPECT_EQ(attempt([] { return unlink("/tmp/pcapml-sandbox-test"); }), EPERM);
  EXPECT_EQ(attempt([] { return rename("/tmp/pcapml-sandbox-test", "/tmp/pcapml-sandbox-test2"); }), EPERM);
  EXPECT_EQ(attempt([] { return chmod("/tmp/pcapml-sandbox-test", 0777); }), EPERM);
}

TEST_P(SandboxTest, ReachesNoNetwork) {
  const FileDescriptor made_before(socket(AF_INET, SOCK_DGRAM, 0));
  sockaddr_storage nowhere{};
  nowhere.ss_family = AF_INET;
  EXPECT_EQ(attempt([] { return socket(AF_INET, SOCK_STREAM, 0); }), EPERM);
  EXPECT_EQ(attempt([] { return socket(AF_UNIX, SOCK_STREAM, 0); }), EPERM);
  EXPECT_EQ(attempt([&] {
              return connect(made_before.get(), reinterpret_cast<const sockaddr*>(&nowhere), sizeof nowhere);
            }),
            EPERM);
}

TEST_P(SandboxTest, StartsNoProgramProcessOrThread) {
  EXPECT_EQ(attempt([] { return execl("/bin/true", "true", nullptr); }), EPERM);
  EXPECT_EQ(attempt([] { return syscall(SYS_execveat, AT_FDCWD, "/bin/true", nullptr, nullptr, 0); }), EPERM);
  EXPECT_EQ(attempt([] { return fork(); }), EPERM);
  EXPECT_EQ(attempt([] { return syscall(SYS_clone3, nullptr, 0); }), EPERM);
  EXPECT_EQ(attempt([] {
              pthread_t thread{};
              errno = pthread_create(
                  &thread, nullptr, [](void*) -> void* { return nullptr; }, nullptr);
              return errno == 0 ? 0 : -1;
            }),
            EPERM);
  EXPECT_EQ(attempt([] { return unshare(CLONE_NEWUSER); }), EPERM);
}

TEST_P(SandboxTest, TouchesNoOtherProcess) {
  const Sleeper command(user_), other(user_);
  for (const pid_t pid : {other.pid(), getppid(), getpid(), 0, -1, -command.pid()}) {
    SCOPED_TRACE(pid);
    EXPECT_EQ(attempt([&] { return kill(pid, 0); }, command.pid()), EPERM);
  }
  EXPECT_EQ(
      attempt([&] { return syscall(SYS_tgkill, command.pid(), command.pid(), SIGKILL); }, command.pid()),
      EPERM);
  EXPECT_EQ(attempt([&] { return syscall(SYS_tkill, other.pid(), SIGKILL); }), EPERM);
  EXPECT_EQ(attempt([&] { return syscall(SYS_pidfd_open, command.pid(), 0); }, command.pid()), EPERM);
  EXPECT_EQ(attempt([&] { return ptrace(PTRACE_ATTACH, command.pid(), nullptr, nullptr); }, command.pid()),
            EPERM);
  iovec part{};
  EXPECT_EQ(attempt([&] { return syscall(SYS_process_vm_readv, command.pid(), &part, 1, &part, 1, 0); }),
            EPERM);
}

TEST_P(SandboxTest, GainsNoPrivilegeAndNoKernel) {
  bpf_attr map{};
  map.map_type = BPF_MAP_TYPE_ARRAY;
  map.key_size = map.value_size = 4;
  map.max_entries = 1;
  EXPECT_EQ(attempt([&] { return syscall(SYS_bpf, BPF_MAP_CREATE, &map, sizeof map); }), EPERM);
  EXPECT_EQ(attempt([] { return mount("none", "/mnt", "tmpfs", 0, nullptr); }), EPERM);
  EXPECT_EQ(attempt([] { return setuid(0); }), EPERM);
  EXPECT_EQ(attempt([] { return setgid(0); }), EPERM);
  EXPECT_EQ(attempt([] { return syscall(SYS_setresuid, 0, 0, 0); }), EPERM);
  EXPECT_EQ(attempt([] { return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); }), EPERM);
  EXPECT_EQ(attempt([] { return syscall(SYS_seccomp, 0, 0, nullptr); }), EPERM);
  EXPECT_EQ(attempt([] { return syscall(SYS_io_uring_setup, 1, nullptr); }), EPERM);
  EXPECT_EQ(attempt([] { return syscall(SYS_capset, nullptr, nullptr); }), EPERM);
  EXPECT_EQ(attempt([] { return chroot("/"); }), EPERM);
}

TEST_P(SandboxTest, MakesNoMemoryExecutable) {
  const auto map = [](int protection) {
    return mmap(nullptr, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  };
  EXPECT_EQ(attempt([&] { return map(PROT_READ | PROT_EXEC) == MAP_FAILED ? -1 : 0; }), EPERM);
  void* memory = map(PROT_READ | PROT_WRITE);
  ASSERT_NE(memory, MAP_FAILED);
  EXPECT_EQ(attempt([&] { return mprotect(memory, 4096, PROT_READ | PROT_WRITE | PROT_EXEC); }), EPERM);
  EXPECT_EQ(attempt([&] { return syscall(SYS_pkey_mprotect, memory, 4096, PROT_EXEC, -1); }), EPERM);
  munmap(memory, 4096);
}

TEST_P(SandboxTest, TypesNothingIntoATerminal) {
  const FileDescriptor terminal(posix_openpt(O_RDWR | O_NOCTTY));
  if (!terminal) GTEST_SKIP() << "no terminal can be made";
  char letter = 'x';
  winsize size{};
  EXPECT_EQ(attempt([&] { return ioctl(terminal.get(), TIOCSTI, &letter); }), EPERM);
  EXPECT_EQ(attempt([&] { return ioctl(terminal.get(), TIOCSCTTY, 1); }), EPERM);
  EXPECT_EQ(attempt([&] { return ioctl(terminal.get(), TIOCGWINSZ, &size); }), 0);
}

#ifdef __x86_64__
TEST_P(SandboxTest, HasNoWayAroundThroughOtherSystemCallTables) {
  constexpr long kX32 = 0x40000000;
  EXPECT_NE(attempt([] { return syscall(kX32 | SYS_getuid); }), 0);
  EXPECT_NE(attempt([] {
              long result = 24;  // getuid of i386
              asm volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
              return result;
            }),
            0);
}
#endif

TEST_P(SandboxTest, GoesOnCapturing) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const FileDescriptor in(ends[0]), out(ends[1]);
  const FileDescriptor file(open("/tmp", O_TMPFILE | O_RDWR, 0600));
  EXPECT_EQ(attempt([&] { return write(out.get(), "x", 1); }), 0);
  EXPECT_EQ(attempt([&] { return read(in.get(), ends, 1); }), 0);
  if (file) {
    EXPECT_EQ(attempt([&] { return ftruncate(file.get(), 100); }), 0);
  }
  EXPECT_EQ(attempt([] {
              timespec now{};
              return clock_gettime(CLOCK_BOOTTIME, &now);
            }),
            0);
  EXPECT_EQ(attempt([] {
              constexpr std::size_t kBytes = std::size_t{100} << 20;
              auto* memory = static_cast<char*>(std::malloc(kBytes));
              if (memory == nullptr) return -1;
              std::memset(memory, 1, kBytes);
              const bool is_there = memory[kBytes - 1] == 1;
              std::free(memory);
              return is_there ? 0 : -1;
            }),
            0);
  EXPECT_EQ(attempt([] {
              try {
                throw std::runtime_error("unwinds");
              } catch (const std::runtime_error&) {
                return 0;
              }
            }),
            0);
}

TEST_P(SandboxTest, SendsSignalsToTheCommand) {
  Sleeper command(user_);
  EXPECT_EQ(attempt([&] { return kill(command.pid(), SIGTERM); }, command.pid()), 0);
  EXPECT_EQ(command.end(0), SIGTERM);
  EXPECT_EQ(attempt([] { return raise(0); }), 0);
}

}  // namespace
}  // namespace pcapml
