// SPDX-License-Identifier: Apache-2.0
#include "selftest/selftest.h"

#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <deque>
#include <fstream>
#include <memory>
#include <set>

#include "io/interrupt.h"
#include "pcapml/error.h"
#include "pcapml/label.h"
#include "pcapml/reader.h"
#include "selftest/capture_process.h"
#include "selftest/kinds.h"
#include "selftest/witness.h"
#include "selftest/world.h"

namespace pcapml::selftest {
namespace {

constexpr std::uint16_t kFirstPort = 20000, kPortsOfKind = 100;
constexpr std::uint16_t kCommentOption = 1;  // pcapng draft, section 3.5

/// A kind as it is played here.
struct Play {
  const Kind& kind;
  Script script;
  std::string skipped;
  std::set<pid_t> running = {};
  pid_t process_group = 0;

  void start(const ControlGroup& group, const NetworkNamespace& space) {
    for (const Role& role : script.roles()) {
      const pid_t pid = start_process(role.name, [&] {
        group.enter();
        space.enter();
        role.play();
      });
      ::setpgid(pid, process_group);  // a group of its own, to wait for no others
      if (process_group == 0) process_group = pid;
      running.insert(pid);
    }
  }

  /// Waits for whichever ends first: a failed one must not keep the others waiting.
  void finish() {
    while (!running.empty()) {
      int status = 0;
      const pid_t pid = ::waitpid(-process_group, &status, 0);
      check_interrupt();
      if (pid < 0 && errno != EINTR) throw_errno(kind.name, "wait for");
      if (pid < 0) continue;
      running.erase(pid);
      if (status != 0) throw DataError(fmt::format("the traffic failed: {}", kind.title));
    }
  }
};

/// Ping sockets are for a range of groups, which is empty at first.
void allow_ping_sockets() { std::ofstream("/proc/sys/net/ipv4/ping_group_range") << "0 2147483647"; }

class Run {
 public:
  explicit Run(const Request& request) : output_(request.keep) {
    if (output_.empty()) output_ = directory_.path() + "/capture.pcapng";
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);  // so that nothing that ControlGroup ends is left to anybody else
    write_scripts();
  }

  Result run() {
    for (Play& play : plays_) {
      if (!play.kind.early || !play.skipped.empty()) continue;
      play.start(group_, space_);
      play.script.await_prepared();
    }
    witness_.take();
    CaptureProcess capture(output_, group_.path());
    for (Play& play : plays_)
      if (play.skipped.empty()) perform(play);
    capture.stop();
    read_capture();
    return result();
  }

 private:
  void write_scripts() {
    const NetworkNamespace::Visit visit{space_};
    allow_ping_sockets();
    std::uint16_t port = kFirstPort;
    for (const Kind& kind : all_kinds()) {
      plays_.push_back({kind, Script(kind.name, port, directory_.path()),
                        kind.obstacle == nullptr ? std::string{} : kind.obstacle()});
      if (plays_.back().skipped.empty()) kind.write(plays_.back().script);
      truth_.add(plays_.back().script.ends());
      port = static_cast<std::uint16_t>(port + kPortsOfKind);
    }
  }

  void perform(Play& play) {
    const std::uint64_t dropped_before = space_.dropped();
    if (play.kind.early)
      play.script.begin();
    else
      play.start(group_, space_);
    play.finish();
    for (const std::string& packet : witness_.take()) scorer_.expect(truth_.judge(as_bytes(packet)));
    if (const std::uint64_t dropped = space_.dropped() - dropped_before; dropped > 0)
      scorer_.dropped(play.kind.name, dropped);
  }

  void read_capture() {
    Reader reader = open_reader(output_);
    while (const PacketView* packet = reader.next_packet()) {
      Captured captured{content_of(packet->data), 0, "none"};
      const auto comment = packet->options.find(kCommentOption);
      if (const auto view = comment ? parse_label(comment->text()) : std::nullopt) {
        const Label label = decode_label(*view);
        captured.direction = label.direction();
        captured.label = label.name;
      }
      scorer_.captured(std::move(captured));
    }
  }

  Result result() {
    Score score = scorer_.score();
    utsname system{};
    ::uname(&system);
    Result result;
    result.version = PCAPML_VERSION;
    result.system = fmt::format("{} {}", system.sysname, system.release);
    result.machine = system.machine;
    for (const Play& play : plays_) {
      const Counts counts = score.kinds[play.kind.name];
      if (play.skipped.empty() && counts.expected == 0)
        throw DataError(fmt::format("the witness saw nothing of this traffic: {}", play.kind.title));
      result.kinds.push_back({play.kind.name, play.kind.title, play.skipped, counts});
      result.total += counts;
    }
    result.faults = std::move(score.faults);
    result.strangers = score.strangers;
    result.witness_dropped = witness_.dropped();
    return result;
  }

  // Made in this order and ended in the other: first what runs, then where it ran.
  TemporaryDirectory directory_;
  std::string output_;
  ControlGroup group_;
  NetworkNamespace space_;
  Witness witness_{space_};
  Truth truth_;
  Scorer scorer_;
  std::deque<Play> plays_;
};

}  // namespace

Result run(const Request& request) {
  struct sigaction action {};
  action.sa_handler = mark_interrupt;
  sigaction(SIGHUP, &action, nullptr);  // the terminal may go: nothing must remain then, either
  return Run(request).run();
}

}  // namespace pcapml::selftest
