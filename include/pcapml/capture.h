// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace pcapml {

/// What names a process in the labels.
enum class LabelBy : unsigned char {
  comm,     ///< the name of the thread group's leader
  exe,      ///< base name of the executable
  unit,     ///< systemd unit, or else the last part of the cgroup's path
  cmdline,  ///< command line, with blanks between the arguments
};

/// What a running capture has of one label.
struct LiveLabel {
  std::string label;
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;           ///< of original lengths
  std::uint64_t flows = 0;           ///< samples
  std::vector<std::string> domains;  ///< the last few names of remote ends, the latest first
};

/// How far a running capture is.
struct CaptureProgress {
  std::uint64_t packets = 0;  ///< written
  std::uint64_t bytes = 0;    ///< of their original lengths
  std::uint64_t lost = 0;
  std::vector<LiveLabel> labels;  ///< in no order
};

struct CaptureResult;

/// How a capture is spread over files. Each limit is off at 0.
struct FilePlan {
  std::string path = "capture.pcapng";  ///< of the only file; of several the pattern
  std::uint64_t file_bytes = 0;         ///< size from which a file is complete and the next one begins
  std::size_t file_seconds = 0;  ///< a new file each so many seconds; then strftime(3) makes names of path
  std::size_t keep = 0;          ///< so many files stay, the oldest goes
  std::string after;             ///< for the shell, for each complete file, whose name is added

  bool rotates() const { return file_bytes != 0 || file_seconds != 0; }
};

struct CaptureRequest {
  FilePlan files;      ///< path - for standard output
  std::string cgroup;  ///< a directory of cgroup2; empty: where cgroup2 is mounted, that is the whole machine
  std::vector<std::string> command;  ///< to run, and to capture with what comes of it and nothing else
  std::vector<std::uint32_t> pids;   ///< capture these, and who belongs to the user, and nothing else
  std::optional<std::uint32_t> uid;
  bool follow_children = false;  ///< of those, from now on
  std::string user;  ///< who makes the files and runs the command; empty: who called sudo, or this process's
  std::string filter;              ///< of libpcap, on IP packets as written; empty: all
  std::vector<std::string> allow;  ///< processes; empty: all
  std::vector<std::string> deny;
  std::uint32_t snap_length = 1500;  ///< bytes kept of each packet; 0: all
  /// Bytes a second above which packets that the kernel handles as one lose payload; 0: no limit.
  std::uint64_t payload_rate = 160'000'000;
  bool include_dns = false;
  bool resolve = true;
  bool known_only = false;  ///< leave out packets without a known process
  bool arguments = true;    ///< write command lines
  std::string label;        ///< instead of the process's name
  LabelBy label_by = LabelBy::comm;
  std::string session;
  bool provenance = false;
  bool superpackets = false;
  bool ethernet = false;
  std::size_t buffer_megabytes = 64;
  std::size_t duration_s = 0;   ///< 0: until a signal
  std::uint64_t count = 0;      ///< packets to write; 0: no limit
  std::uint64_t max_bytes = 0;  ///< of all files together; 0: no limit
  bool sandbox = false;         ///< this process may do nothing but go on capturing, and end
  std::string command_line;     ///< for the section header

  /// Called once when packets are being captured.
  std::function<void(const std::string& cgroup, std::size_t known_sockets)> ready = {};
  std::function<void(const std::string&)> warn = {};
  /// Called about ten times a second; `look` tells how far the capture is, and costs something.
  std::function<void(const std::function<CaptureProgress()>& look)> progress = {};
  /// Called when SIGUSR1 arrived.
  std::function<void(const CaptureResult& so_far)> asked = {};

  bool follows_some() const { return !command.empty() || !pids.empty() || uid.has_value(); }
};

/// Packets of one label and executable.
struct CapturedLabel {
  std::string label;
  std::string executable;
  std::uint64_t packets = 0;
};

/// Packets are counted as the wire has them, unless said otherwise.
struct CaptureResult {
  std::uint64_t captured = 0;  ///< seen by the kernel's programs and delivered
  std::uint64_t written = 0;
  std::uint64_t bytes = 0;  ///< original lengths of what was written
  std::uint64_t files = 0;
  std::uint64_t not_followed = 0;  ///< of processes that are not captured; not in `captured`
  std::uint64_t filtered_out = 0;  ///< by the filter
  std::uint64_t lost_egress = 0;   ///< because the buffer was full
  std::uint64_t lost_ingress = 0;
  std::uint64_t cut = 0;         ///< written without some of their payload, because the buffer ran short
  std::uint64_t unknown = 0;     ///< labelled _unknown
  std::uint64_t kernel = 0;      ///< labelled _kernel
  std::uint64_t translated = 0;  ///< whose addresses are not those of their socket (NAT)
  std::uint64_t dns_left_out = 0;
  std::uint64_t not_allowed = 0;       ///< left out by allow and deny
  std::uint64_t unknown_left_out = 0;  ///< left out by known_only
  std::uint64_t copies_left_out = 0;   ///< of one packet for further sockets of the same process
  std::uint64_t checksums_open = 0;    ///< not filled in, because payload was missing
  std::uint64_t malformed = 0;         ///< superpackets of no known form, written as they were
  std::uint64_t events_lost = 0;       ///< news of processes and sockets, for lack of buffer
  std::uint64_t holds_cut_short =
      0;                          ///< packets that waited for their process and had to go, for lack of memory
  std::uint64_t clock_steps = 0;  ///< of the wall clock, above 1 ms
  std::uint64_t forgotten =
      0;  ///< samples that were idle, for lack of memory: their next packet began another
  std::size_t failed_commands = 0;    ///< of those run after files
  std::optional<int> command_status;  ///< exit code of the command, or 128 and the signal that ended it
  std::size_t known_sockets = 0;      ///< when it began
  std::vector<CapturedLabel> labels;  ///< most packets first
  int signal = 0;                     ///< what ended it
};

/// Captures the packets of a cgroup's sockets and labels each with the process that sent or received it.
///
/// Writes whole blocks directly under the output's name. Returns at SIGINT, SIGTERM, SIGHUP, or when duration
/// or count are reached. Throws KernelError where the kernel lacks what this needs, std::system_error where
/// the output cannot be written: what was written stays, and is a whole file.
CaptureResult capture(const CaptureRequest& request);

}  // namespace pcapml
