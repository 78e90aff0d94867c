// SPDX-License-Identifier: Apache-2.0
#include "cli/console.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>

#include "cli/command.h"
#include "pcapml/error.h"

namespace pcapml::cli {

/// Draws one line at most five times a second.
class Console::TerminalProgress final : public Progress {
 public:
  void update(std::uint64_t done, std::optional<std::uint64_t> total, std::uint64_t packets) override {
    const auto now = Clock::now();
    if (now - shown_ < std::chrono::milliseconds(200)) return;
    shown_ = now;
    const double seconds = std::chrono::duration<double>(now - begin_).count();
    const double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;
    std::string line = fmt::format("{:.1f} MB, {} packets, {:.0f} MB/s", static_cast<double>(done) / 1e6,
                                   grouped(packets), rate / 1e6);
    if (total && *total > 0 && *total >= done) {
      line = fmt::format("{:3d} %  {}", done * 100 / *total, line);
      if (rate > 0) line += fmt::format(", {:.0f} s left", static_cast<double>(*total - done) / rate);
    }
    fmt::print(stderr, "\r\033[K{}", line);
    std::fflush(stderr);
    visible_ = true;
  }

  void clear() {
    if (visible_) fmt::print(stderr, "\r\033[K");
    visible_ = false;
  }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point begin_ = Clock::now();
  Clock::time_point shown_ = begin_;
  bool visible_ = false;
};

Console::Console(bool quiet) : quiet_(quiet) {}
Console::~Console() { clear_progress(); }

void Console::clear_progress() {
  if (progress_) progress_->clear();
  if (clear_picture_) clear_picture_();
}

void Console::print(std::string_view text) {
  clear_progress();
  std::FILE* out = stdout_reserved_ ? stderr : stdout;
  if (std::fwrite(text.data(), 1, text.size(), out) == text.size() && std::fflush(out) == 0) return;
  const int error = errno;
  if (error == EIO && ::isatty(::fileno(out)) == 0 && errno == EIO) return;  // a terminal that hung up
  throw_errno("standard output", "write", error);
}

bool Console::is_terminal() const { return ::isatty(stdout_reserved_ ? STDERR_FILENO : STDOUT_FILENO) != 0; }

int Console::width() const {
  winsize size = {};
  if (::ioctl(stdout_reserved_ ? STDERR_FILENO : STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    return size.ws_col;
  return 80;
}

void Console::note(std::string_view text) {
  if (!quiet_) warn(text);
}

void Console::warn(std::string_view text) {
  clear_progress();
  const std::string line = fmt::format("pcapml: {}\n", text);
  // Where stderr is gone, as after a hangup, there is nobody to tell, and the work goes on.
  static_cast<void>(std::fwrite(line.data(), 1, line.size(), stderr));
}

Progress* Console::progress() {
  if (quiet_ || ::isatty(STDERR_FILENO) == 0) return nullptr;
  progress_ = std::make_unique<TerminalProgress>();
  return progress_.get();
}

int Console::finish(const InputReport& report) {
  const ReadCounters& counters = report.counters;
  if (counters.legacy_sections > 0)
    warn(fmt::format(
        "timestamps of an earlier pcapml version (seconds and microseconds apart) were read right in {}",
        count_of(counters.legacy_sections, "section")));
  if (counters.simple_packets > 0)
    note(fmt::format("{} without a time (Simple Packet Block): time 0 was taken",
                     count_of(counters.simple_packets, "packet")));
  if (counters.obsolete_packets > 0)
    note(
        fmt::format("{} in obsolete Packet Blocks were read", count_of(counters.obsolete_packets, "packet")));
  for (const auto& warning : report.warnings) warn(warning);
  for (const auto& damage : report.damage)
    warn(fmt::format("salvaged what lies before this damage: {}", damage));
  return report.damage.empty() ? kDone : kFailed;
}

std::string grouped(std::uint64_t n) {
  std::string digits = std::to_string(n);
  for (std::size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, 1, ',');
  return digits;
}

std::string count_of(std::uint64_t n, std::string_view singular) {
  return fmt::format("{} {}{}", grouped(n), singular, n == 1 ? "" : "s");
}

}  // namespace pcapml::cli
