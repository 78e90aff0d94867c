// SPDX-License-Identifier: Apache-2.0
#include "pcapml/capture.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <optional>

#include "capture/attendant.h"
#include "capture/cgroup.h"
#include "capture/command.h"
#include "capture/kernel_programs.h"
#include "capture/process_facts.h"
#include "capture/sandbox.h"
#include "capture/session.h"
#include "io/interrupt.h"
#include "net/quic_crypto.h"
#include "pcapml/error.h"

namespace pcapml {
namespace {

constexpr std::chrono::milliseconds kPoll{50};
constexpr std::chrono::milliseconds kLastPoll{10};
constexpr int kLastPolls = 3;
constexpr std::uint64_t kTickPackets = 4096;
constexpr std::int64_t kProgress = 100'000'000;  // ns
constexpr int kNice = -10;
/// The kernel still sends for processes that have ended, and holds end by then.
constexpr std::int64_t kAfterEnd = 500'000'000;  // ns

std::atomic<bool> asked{false};

void mark_asked(int) { asked.store(true, std::memory_order_relaxed); }

/// But where it is ignored, as nohup does.
void on_signal(int signal, void (*handler)(int)) {
  struct sigaction action {};
  sigaction(signal, nullptr, &action);
  if (action.sa_handler == SIG_IGN) return;
  action.sa_handler = handler;
  sigaction(signal, &action, nullptr);
}

/// Ends poll() from within, because under a flood it would not end by itself.
struct Stop {};

/// libcrypto reads its configuration at first use, which the sandbox forbids.
void warm_up_quic() {
  const std::vector<std::byte> packet(64);
  const auto versions = quic_versions(kQuicVersion1);
  if (versions.empty()) return;
  const auto keys = derive_initial_keys(versions.front(), Bytes(packet).first(8), QuicSide::client);
  open_initial(keys, packet, 18);
}

KernelPlan kernel_plan(const CaptureRequest& request) {
  KernelPlan plan;
  plan.buffer_bytes = request.buffer_megabytes << 20;
  plan.snap_length = request.snap_length;
  plan.superpackets = request.superpackets;
  plan.superpacket_rate = request.payload_rate;
  plan.follows_some = request.follows_some();
  plan.follows_children = !request.command.empty() || request.follow_children;
  plan.followed_user = request.uid;
  return plan;
}

OutputFiles::File standard_output() {
  if (isatty(STDOUT_FILENO) != 0)
    throw UsageError("standard output is a terminal; write to a file, or into a pipe");
  FileDescriptor copy(fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3));
  if (!copy) throw_errno("standard output", "open");
  return {std::move(copy), "standard output"};
}

class CaptureLoop {
 public:
  explicit CaptureLoop(const CaptureRequest& request)
      : request_(request),
        filter_(packet_filter(request.filter)),
        user_(capturing_user(request.user)),
        cgroup_(cgroup_directory(request.cgroup)) {
    if (request.follows_some() && !sees_kernels_process_ids())
      throw KernelError(
          "a command, --pid and --uid cannot be followed where process ids are not the machine's own; in a "
          "container, give it those of the host (--pid=host)");
    const bool is_stdout = request.files.path == "-";
    if (!request.command.empty()) command_.emplace(request.command, user_, is_stdout);
    programs_.emplace(kernel_plan(request));
    attendant_.emplace(user_, request.files,
                       Attendant::Kernel{[this] { return programs_->losses(); },
                                         [this] { return programs_->is_any_alive(); }});
    OutputFiles::File file = is_stdout ? standard_output() : attendant_->open_next();
    file_.emplace(std::move(file.descriptor), std::move(file.name));
    CaptureServices services;
    services.complete = [this](ProcessInfo& info, std::uint64_t start_ns, std::uint64_t inode) {
      return attendant_->complete(info, start_ns, inode);
    };
    services.losses = [this] { return attendant_->losses(); };
    services.filter = std::move(filter_);
    services.next_file = [this] { return attendant_->open_next(); };
    session_.emplace(request, *file_, clock_, std::move(services));
  }

  CaptureResult run() {
    try {
      const ScanResult scan = begin();
      const int signal = wait();
      programs_->detach();
      is_draining_ = true;
      try {  // a program may still have been running when it was detached
        for (int i = 0; i < kLastPolls; ++i) programs_->poll(kLastPoll);
      } catch (const Stop&) {  // enough packets
      }
      CaptureResult result = finish();
      result.known_sockets = scan.sockets;
      result.signal = signal;
      return result;
    } catch (const std::exception& error) {
      if (command_ && command_->has_begun() && !command_->exit_code()) {
        if (request_.warn) request_.warn(fmt::format("{}\nthe command goes on", error.what()));
        programs_->detach();
        wait_for_command();
      }
      throw;
    }
  }

 private:
  ScanResult begin() {
    programs_->on_event({[this](const pcapml_packet& packet, Bytes bytes) { take(packet, bytes); },
                         [this](const pcapml_owner_event& event) { session_->owner(event); },
                         [this](const pcapml_process_event& event) { session_->process(event); },
                         [this](const pcapml_interface_event& event) { session_->interface(event); },
                         [this](const pcapml_closed_event& event) { session_->closed(event); }});
    programs_->allow_superpackets(clock_.boot_time_ns());
    programs_->attach(cgroup_);
    if (command_) programs_->follow(static_cast<std::uint32_t>(command_->pid()), true);
    for (const std::uint32_t pid : request_.pids) {
      programs_->follow(pid, request_.follow_children);
      if (!is_process(pid)) throw UsageError(fmt::format("--pid {}: there is no such process", pid));
    }
    attendant_->begin();
    if (request_.files.path != "-") file_->begin();
    session_->begin();
    const ScanResult scan = programs_->scan([this](const pcapml_owner& owner) { session_->owner(owner); });
    file_->flush();
    has_terminal_ = isatty(STDIN_FILENO) != 0;
    warm_up_quic();
    setpriority(PRIO_PROCESS, 0, kNice);  // where it may: fifty busy processes leave too little else
    if (request_.sandbox) enter_sandbox(user_, command_ ? command_->pid() : 0);
    if (request_.ready) request_.ready(cgroup_, scan.sockets);
    if (scan.refused > 0 && request_.warn)
      request_.warn(fmt::format(
          "the open files of {} processes could not be seen (CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH): "
          "their sockets are unknown until they are used",
          scan.refused));
    began_ns_ = clock_.boot_time_ns();
    if (command_) command_->begin();
    return scan;
  }

  /// It is not ours to end.
  void wait_for_command() {
    while (!command_->exit_code()) try {
        poll(nullptr, 0, static_cast<int>(kPoll.count()));
        check_interrupt();
      } catch (const Interrupted& interrupted) {
        mark_interrupt(0);
        if (!passes_on(interrupted.signal())) return;
      }
  }

  CaptureResult with_kernel_counts(CaptureResult result) const {
    result.lost_egress = programs_->lost(PCAPML_EGRESS);
    result.lost_ingress = programs_->lost(PCAPML_INGRESS);
    result.events_lost = programs_->events_lost();
    result.not_followed += programs_->left_out();
    return result;
  }

  CaptureResult finish() {
    CaptureResult result = with_kernel_counts(session_->finish());
    try {
      result.failed_commands = attendant_->finish();
    } catch (const Interrupted&) {
      mark_interrupt(0);
      if (request_.warn) request_.warn(fmt::format("not waiting for '{}'", request_.files.after));
    }
    if (command_) result.command_status = command_->exit_code();
    return result;
  }

  int wait() {
    while (true) try {
        while (!is_over()) {
          const std::int64_t now = clock_.boot_time_ns();
          programs_->poll(kPoll);
          session_->expire(now);
          tick();
        }
        return 0;
      } catch (const Stop&) {
        return 0;
      } catch (const Interrupted& interrupted) {
        mark_interrupt(0);
        if (!passes_on(interrupted.signal())) return interrupted.signal();
      }
  }

  /// The first signal is the command's; its end ends the capture.
  bool passes_on(int signal) {
    if (!command_ || passed_on_ || command_->exit_code()) return false;
    passed_on_ = true;
    if (signal != SIGINT || !has_terminal_) command_->send(signal);  // a terminal sends SIGINT to both
    return true;
  }

  bool is_over() {
    if (session_->is_full()) return true;
    const std::int64_t now = clock_.boot_time_ns();
    if (request_.duration_s != 0 &&
        now - began_ns_ >= static_cast<std::int64_t>(request_.duration_s) * 1'000'000'000)
      return true;
    if (request_.command.empty() && (request_.pids.empty() || request_.uid)) return false;
    if (command_) command_->exit_code();  // so that it is no zombie
    if (const std::uint64_t ends = programs_->ends_of_followed(); ends != ends_seen_) {
      ends_seen_ = ends;
      ended_ns_ = attendant_->is_any_alive() ? 0 : now;
    }
    return ended_ns_ != 0 && now - ended_ns_ >= kAfterEnd;
  }

  void take(const pcapml_packet& packet, Bytes bytes) {
    session_->packet(packet, bytes);
    if (session_->is_full()) throw Stop{};
    if (++taken_ % kTickPackets != 0 || is_draining_) return;
    tick();
    if (is_over()) throw Stop{};
  }

  void tick() {
    session_->tick();
    programs_->allow_superpackets(clock_.boot_time_ns());
    check_interrupt();
    if (asked.exchange(false, std::memory_order_relaxed) && request_.asked) {
      request_.asked(with_kernel_counts(session_->counters()));
    }
    const std::int64_t now = clock_.boot_time_ns();
    if (!request_.progress || now - progress_ns_ < kProgress) return;
    progress_ns_ = now;
    request_.progress([this] { return session_->progress(); });
  }

  const CaptureRequest& request_;
  std::unique_ptr<FilterProgram> filter_;
  Identity user_;
  std::string cgroup_;
  WallClock clock_;
  // In this order: the attendant begins before links exist, and asks the programs.
  std::optional<CapturedCommand> command_;
  std::optional<KernelPrograms> programs_;
  std::optional<Attendant> attendant_;
  std::optional<LiveFile> file_;
  std::optional<CaptureSession> session_;
  std::int64_t began_ns_ = 0;
  std::int64_t progress_ns_ = 0;
  std::int64_t ended_ns_ = 0;  // when the last followed process ended
  std::uint64_t ends_seen_ = 0;
  std::uint64_t taken_ = 0;
  bool has_terminal_ = false;
  bool passed_on_ = false;
  bool is_draining_ = false;
};

}  // namespace

CaptureResult capture(const CaptureRequest& request) {
  on_signal(SIGHUP, mark_interrupt);
  on_signal(SIGUSR1, mark_asked);
  return CaptureLoop(request).run();
}

}  // namespace pcapml
