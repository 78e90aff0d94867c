// SPDX-License-Identifier: Apache-2.0
#include "pcapml/capture.h"

#include <fmt/format.h>
#include <pwd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <limits>
#include <sstream>

#include "cli/capture_report.h"
#include "cli/command.h"
#include "cli/live_terminal.h"
#include "pcapml/error.h"
#include "pcapml/sink.h"

namespace pcapml::cli {
namespace {

std::vector<std::string> words_of(const std::string& list) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at <= list.size();) {
    const std::size_t comma = std::min(list.find(',', at), list.size());
    if (comma > at) words.push_back(list.substr(at, comma - at));
    at = comma + 1;
  }
  return words;
}

/// As it was typed, with blanks between the arguments.
std::string own_command_line() {
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  while (!text.empty() && text.back() == '\0') text.pop_back();
  std::replace(text.begin(), text.end(), '\0', ' ');
  return text;
}

std::uint32_t user_number(const std::string& name) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error == std::errc{} && end == name.data() + name.size()) return number;
  const passwd* entry = getpwnam(name.c_str());
  if (entry == nullptr) throw UsageError(fmt::format("--uid {}: there is no such user", name));
  return entry->pw_uid;
}

class CaptureCommand final : public Command {
 public:
  std::string_view name() const override { return "capture"; }
  std::string_view summary() const override {
    return "Capture live packets, each with the process that sent or received it";
  }
  std::string_view example() const override {
    return "sudo pcapml capture -o dataset.pcapng\n"
           "  sudo pcapml capture -o web.pcapng --allow firefox,chrome\n"
           "  sudo pcapml capture -o curl.pcapng -- curl https://example.org\n"
           "  sudo pcapml capture -o day-%Y%m%d-%H.pcapng -G 3600 -W 48";
  }

  void options(Options& o) override {
    o.optional("-o,--output", request_.files.path,
               "Labelled capture (pcapng), or - for standard output (default: capture.pcapng)");
    o.optional("--cgroup", request_.cgroup, "Directory of cgroup2 whose sockets are captured (default: all)");
    o.rest(request_.command);
    o.optional("--pid", pids_, "Capture these running processes only, with commas between");
    o.optional("--uid", uid_, "Capture processes of this user only (number or name)");
    o.flag("--follow", request_.follow_children,
           "With --pid and --uid: and the children that they will have");
    o.optional("-f,--filter", request_.filter, "Write only packets that this pcap filter matches");
    o.optional("--allow", allow_, "Processes to capture, with commas between; all others are left out");
    o.optional("--deny", deny_, "Processes to leave out, with commas between");
    o.number("--snap-len", snap_length_, "Bytes kept of each packet; 0 for all");
    o.number("--payload-rate", payload_rate_,
             "Megabytes a second above which bulk transfers lose payload, not packets; 0 for no limit");
    o.flag("--include-dns", request_.include_dns, "Write DNS packets, too (port 53 at either end)");
    o.flag("--no-resolve", no_resolve_, "Do not add dst=<domain>");
    o.flag("--known-only", request_.known_only, "Leave out packets whose process is not known");
    o.flag("--no-args", no_arguments_, "Do not write command lines, which may hold secrets");
    o.optional("--label", request_.label, "Label every packet with this instead of its process");
    o.choice(
        "--label-by", label_by_, {"comm", "exe", "unit", "cmdline"},
        "What names a process: its name (the default), its executable, its systemd unit, its command line");
    o.optional("--session", request_.session, "Add session=NAME to every label");
    o.flag("--provenance", request_.provenance, "Add via=..., how the process is known");
    o.flag("--superpackets", request_.superpackets,
           "Keep what the kernel handles as one packet, instead of the packets that the wire has");
    o.flag("--ethernet", request_.ethernet, "Write a synthetic Ethernet header before each packet");
    o.number("--buffer", request_.buffer_megabytes, "Megabytes between kernel and program");
    o.megabytes("-C", request_.files.file_bytes, "Begin another file when one has so many million bytes");
    o.number("-G", request_.files.file_seconds,
             "Begin another file each so many seconds; the name may have strftime(3) forms; 0 for none");
    o.number("-W", request_.files.keep, "Keep so many files, the oldest goes; 0 for all");
    o.optional("-z", request_.files.after, "Command to run for each complete file, with its name");
    o.megabytes("--max-size", request_.max_bytes, "End when all files together have so many million bytes");
    o.optional("-Z,--user", request_.user,
               "User who makes the files and runs the command (default: who called sudo)");
    o.number("--duration", request_.duration_s, "Seconds after which to end; 0 for none");
    o.number("--count", count_, "Packets after which to end; 0 for none");
    o.json(json_);
  }

  int run(Console& console) override {
    if (request_.files.path == "-") console.reserve_stdout();
    prepare(console);
    const CaptureResult result = capture_in_sight(console);
    console.print(json_ ? to_json(result) : summary_of(result));
    for (const std::string& line : warnings_of(result, request_)) console.warn(line);
    if (result.failed_commands > 0) return kFailed;
    if (!result.command_status) return kDone;
    return is_whole(result) ? *result.command_status : kFailed;
  }

 private:
  /// With a live table on a terminal that shows nothing else: a command has it for itself, and behind a pipe
  /// another program may write to it.
  CaptureResult capture_in_sight(Console& console) {
    const bool is_alone = !console.is_quiet() && request_.files.path != "-" && request_.command.empty() &&
                          !(json_ && console.is_terminal());
    const std::unique_ptr<LiveTerminal> table = is_alone ? LiveTerminal::create() : nullptr;
    if (table == nullptr) return capture(request_);
    request_.progress = [&table](const std::function<CaptureProgress()>& look) { table->update(look); };
    const Console::Picture picture(console, [&table] { table->clear(); });
    return capture(request_);
  }

  void prepare(Console& console) {
    if (request_.buffer_megabytes == 0 || request_.buffer_megabytes > 2048)
      throw UsageError("--buffer: from 1 to 2048 megabytes");
    if (snap_length_ > std::numeric_limits<std::uint32_t>::max()) throw UsageError("--snap-len: too large");
    check_files();
    check_processes();
    if (compression_of_name(request_.files.path) != Compression::none)
      throw UsageError(
          fmt::format("{}: capture writes no compressed files, so that they are readable at any "
                      "moment; compress it afterwards",
                      request_.files.path));
    if (no_arguments_ && label_by_ == "cmdline")
      throw UsageError("--label-by cmdline writes command lines, which --no-args leaves out: choose one");
    request_.allow = words_of(allow_);
    request_.deny = words_of(deny_);
    for (const auto* words : {&request_.allow, &request_.deny})
      for (const std::string& word : *words)
        if (word.size() > kLongestComm)
          console.note(
              fmt::format("'{}' is longer than a process name can be, so processes named '{}' match, too",
                          word, word.substr(0, kLongestComm)));
    request_.payload_rate = snap_length_ == 0 ? 0 : std::uint64_t{payload_rate_} * 1'000'000;
    request_.snap_length = static_cast<std::uint32_t>(snap_length_);
    request_.count = count_;
    request_.resolve = !no_resolve_;
    request_.arguments = !no_arguments_;
    if (label_by_ == "exe") request_.label_by = LabelBy::exe;
    if (label_by_ == "unit") request_.label_by = LabelBy::unit;
    if (label_by_ == "cmdline") request_.label_by = LabelBy::cmdline;
    request_.command_line = own_command_line();
    request_.ready = [&console](const std::string& cgroup, std::size_t sockets) {
      console.warn(fmt::format("capturing on {} ({} sockets known)", cgroup, sockets));
    };
    request_.warn = [&console](const std::string& text) { console.warn(text); };
    request_.asked = [&console](const CaptureResult& so_far) {
      std::istringstream lines(summary_of(so_far));
      for (std::string line; std::getline(lines, line);) console.warn(line);
    };
    request_.sandbox = true;
  }

  void check_files() const {
    const FilePlan& files = request_.files;
    if (files.path == "-" && (files.rotates() || files.keep != 0 || !files.after.empty()))
      throw UsageError("-C, -G, -W and -z need files, and -o - is none");
    if (files.keep != 0 && !files.rotates())
      throw UsageError("-W says how many files to keep; -C or -G makes several");
  }

  void check_processes() {
    for (const std::string& word : words_of(pids_)) {
      std::uint32_t pid = 0;
      const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), pid);
      if (error != std::errc{} || end != word.data() + word.size() || pid == 0)
        throw UsageError(fmt::format("--pid {}: no process id", word));
      request_.pids.push_back(pid);
    }
    if (!uid_.empty()) request_.uid = user_number(uid_);
    const bool names_running = !request_.pids.empty() || request_.uid;
    if (names_running && !request_.command.empty())
      throw UsageError("a command after -- is captured alone: leave out --pid and --uid");
    if (request_.follow_children && !names_running && request_.command.empty())
      throw UsageError("--follow goes with --pid and --uid");
  }

  static constexpr std::size_t kLongestComm = 15;

  CaptureRequest request_;
  std::string allow_, deny_, label_by_, pids_, uid_;
  std::size_t snap_length_ = 1500;
  std::size_t payload_rate_ = 160;
  std::size_t count_ = 0;
  bool no_resolve_ = false;
  bool no_arguments_ = false;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> make_capture_command() { return std::make_unique<CaptureCommand>(); }

}  // namespace pcapml::cli
