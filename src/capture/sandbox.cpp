// SPDX-License-Identifier: Apache-2.0
#include "capture/sandbox.h"

#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <initializer_list>
#include <memory>

#include "pcapml/error.h"

// The sanitizers' own runtime opens files and starts a thread at the end.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PCAPML_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define PCAPML_SANITIZED 1
#endif
#endif

namespace pcapml {
namespace {

constexpr int kAllowed[] = {
    // what is open already
    SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(writev), SCMP_SYS(lseek), SCMP_SYS(_llseek),
    SCMP_SYS(ftruncate), SCMP_SYS(ftruncate64), SCMP_SYS(close), SCMP_SYS(fstat), SCMP_SYS(fstat64),
    SCMP_SYS(sendmsg), SCMP_SYS(recvmsg),
    // waiting
    SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait), SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(ppoll_time64),
    SCMP_SYS(futex), SCMP_SYS(wait4), SCMP_SYS(waitid), SCMP_SYS(restart_syscall),
    // time, memory, signals of our own
    SCMP_SYS(clock_gettime), SCMP_SYS(clock_gettime64), SCMP_SYS(gettimeofday), SCMP_SYS(munmap),
    SCMP_SYS(mremap), SCMP_SYS(brk), SCMP_SYS(madvise), SCMP_SYS(getrandom), SCMP_SYS(uname),
    SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn), SCMP_SYS(exit), SCMP_SYS(exit_group)};

/// What a terminal needs; not to type into it (TIOCSTI).
constexpr unsigned long kTerminalRequests[] = {TIOCGWINSZ, TCGETS, TCSETS, TCSETSW, TCSETSF};

void check(int result) {
  if (result < 0) throw_errno("seccomp", "set up", -result);
}

/// What the library's macros do in C.
scmp_arg_cmp argument(unsigned number, scmp_compare how, scmp_datum_t a, scmp_datum_t b = 0) {
  scmp_arg_cmp condition{};
  condition.arg = number;
  condition.op = how;
  condition.datum_a = a;
  condition.datum_b = b;
  return condition;
}

void allow(scmp_filter_ctx filter, int call, std::initializer_list<scmp_arg_cmp> conditions = {}) {
  const int result = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call,
                                            static_cast<unsigned>(conditions.size()), conditions.begin());
  if (result != -EDOM) check(result);  // not a system call of this machine
}

}  // namespace

bool filters_system_calls() {
#ifdef PCAPML_SANITIZED
  return false;
#else
  return true;
#endif
}

void enter_sandbox(const Identity& user, pid_t command) {
  become(user, {});
  if (!filters_system_calls()) return;
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) throw_errno("no_new_privs", "set");
  const std::unique_ptr<void, void (*)(scmp_filter_ctx)> owned(seccomp_init(SCMP_ACT_ERRNO(EPERM)),
                                                               seccomp_release);
  scmp_filter_ctx filter = owned.get();
  if (filter == nullptr) throw_errno("seccomp", "set up", ENOMEM);
  for (const int call : kAllowed) allow(filter, call);
  for (const int call : {SCMP_SYS(mmap), SCMP_SYS(mmap2), SCMP_SYS(mprotect)})
    allow(filter, call, {argument(2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)});
  for (const unsigned long request : kTerminalRequests)
    allow(filter, SCMP_SYS(ioctl), {argument(1, SCMP_CMP_EQ, request)});
  const auto ourselves = static_cast<scmp_datum_t>(getpid());
  for (const int call : {SCMP_SYS(kill), SCMP_SYS(tgkill)})
    allow(filter, call, {argument(0, SCMP_CMP_EQ, ourselves)});
  if (command > 0)
    allow(filter, SCMP_SYS(kill), {argument(0, SCMP_CMP_EQ, static_cast<scmp_datum_t>(command))});
  check(seccomp_load(filter));
}

}  // namespace pcapml
