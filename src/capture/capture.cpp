// SPDX-License-Identifier: Apache-2.0
#include "pcapml/capture.h"

#include <fmt/format.h>

#include <csignal>

#include "capture/cgroup.h"
#include "capture/kernel_programs.h"
#include "capture/session.h"
#include "io/interrupt.h"
#include "pcapml/error.h"

namespace pcapml {
namespace {

constexpr std::chrono::milliseconds kPoll{50};
constexpr std::uint64_t kTickPackets = 4096;

/// Ends poll() from within, because under a flood it would not end by itself.
struct Stop {};

class CaptureLoop {
 public:
  explicit CaptureLoop(const CaptureRequest& request)
      : request_(request),
        file_(request.output),
        programs_(request.buffer_megabytes << 20),
        session_(request, file_, clock_) {}

  CaptureResult run() {
    const std::string cgroup = cgroup_directory(request_.cgroup);
    programs_.on_event({[this](const pcapml_packet& packet, Bytes bytes) { take(packet, bytes); },
                        [this](const pcapml_owner_event& event) { session_.owner(event); },
                        [this](const pcapml_process_event& event) { session_.process(event); },
                        [this](const pcapml_interface_event& event) { session_.interface(event); }});
    programs_.attach(cgroup);
    file_.begin();
    session_.begin();
    const ScanResult scan = programs_.scan([this](const pcapml_owner& owner) { session_.owner(owner); });
    file_.flush();
    if (request_.ready) request_.ready(cgroup, scan.sockets);
    if (scan.refused > 0 && request_.warn)
      request_.warn(fmt::format(
          "the open files of {} processes could not be seen (CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH): "
          "their sockets are unknown until they are used",
          scan.refused));
    began_ns_ = clock_.boot_time_ns();
    const int signal = wait();
    programs_.detach();
    is_draining_ = true;
    try {
      programs_.poll(std::chrono::milliseconds{0});
    } catch (const Stop&) {  // enough packets
    }
    CaptureResult result = session_.finish(programs_.losses());
    result.known_sockets = scan.sockets;
    result.events_lost = programs_.events_lost();
    result.signal = signal;
    return result;
  }

 private:
  int wait() {
    try {
      while (!is_over()) {
        const std::int64_t now = clock_.boot_time_ns();
        programs_.poll(kPoll);
        session_.expire(now);
        tick();
      }
    } catch (const Stop&) {  // is_over()
    } catch (const Interrupted& interrupted) {
      mark_interrupt(0);
      return interrupted.signal();
    }
    return 0;
  }

  bool is_over() const {
    const std::int64_t passed = clock_.boot_time_ns() - began_ns_;
    return session_.is_full() || (request_.duration_s != 0 &&
                                  passed >= static_cast<std::int64_t>(request_.duration_s) * 1'000'000'000);
  }

  void take(const pcapml_packet& packet, Bytes bytes) {
    session_.packet(packet, bytes);
    if (session_.is_full()) throw Stop{};
    if (++taken_ % kTickPackets != 0 || is_draining_) return;
    tick();
    if (is_over()) throw Stop{};
  }

  void tick() {
    session_.tick();
    check_interrupt();
  }

  const CaptureRequest& request_;
  WallClock clock_;
  LiveFile file_;
  KernelPrograms programs_;
  CaptureSession session_;
  std::int64_t began_ns_ = 0;
  std::uint64_t taken_ = 0;
  bool is_draining_ = false;
};

}  // namespace

CaptureResult capture(const CaptureRequest& request) {
  struct sigaction action {};
  action.sa_handler = mark_interrupt;
  sigaction(SIGHUP, &action, nullptr);
  return CaptureLoop(request).run();
}

}  // namespace pcapml
