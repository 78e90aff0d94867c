// SPDX-License-Identifier: Apache-2.0
#include "cli/live_terminal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "cli/printable.h"
#include "io/interrupt.h"
#include "pcapml/capture.h"

namespace pcapml::cli {
namespace {

constexpr std::chrono::seconds kRedraw{1};
constexpr std::chrono::milliseconds kPatience{100};

bool is_of_another_job(int terminal) {
  const pid_t foreground = tcgetpgrp(terminal);
  return foreground >= 0 && foreground != getpgrp();
}

/// An open file of its own, because O_NONBLOCK on stderr itself would hold for all that share it.
FileDescriptor open_screen() {
  FileDescriptor screen(open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  return screen ? std::move(screen) : FileDescriptor(fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3));
}

}  // namespace

std::unique_ptr<LiveTerminal> LiveTerminal::create() {
  const char* kind = std::getenv("TERM");
  if (kind == nullptr || *kind == '\0' || std::string_view(kind) == "dumb") return nullptr;
  if (isatty(STDERR_FILENO) == 0 || is_of_another_job(STDERR_FILENO)) return nullptr;
  FileDescriptor screen = open_screen();
  if (!screen) return nullptr;
  return std::unique_ptr<LiveTerminal>(new LiveTerminal(std::move(screen)));
}

LiveTerminal::LiveTerminal(FileDescriptor screen)
    : screen_(std::move(screen)),
      has_keys_(isatty(STDIN_FILENO) != 0 && !is_of_another_job(STDIN_FILENO) &&
                tcgetattr(STDIN_FILENO, &before_) == 0) {
  // Should the job get into the background after all, reading and setting modes fail instead of stopping it.
  if (has_keys_)
    for (const int signal : {SIGTTIN, SIGTTOU}) std::signal(signal, SIG_IGN);
  view_.has_keys = has_keys_;
}

LiveTerminal::~LiveTerminal() {
  clear();
  if (is_taken_) tcsetattr(STDIN_FILENO, TCSANOW, &before_);
}

void LiveTerminal::update(const std::function<CaptureProgress()>& look) {
  if (is_gone_) return;
  take_terminal();
  const bool was_asked = take_keys();
  if (!flush()) return;
  const auto now = Clock::now();
  if (!was_asked && !is_stale_ && now - drawn_ < kRedraw) return;
  draw(look());
  drawn_ = now;
  is_stale_ = false;
}

void LiveTerminal::take_terminal() {
  if (is_taken_ || !has_keys_) return;
  termios mode = before_;
  mode.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  mode.c_cc[VMIN] = 1;
  mode.c_cc[VTIME] = 0;
  mode.c_cc[VSUSP] = _POSIX_VDISABLE;
  is_taken_ = tcsetattr(STDIN_FILENO, TCSANOW, &mode) == 0;
  has_keys_ = view_.has_keys = is_taken_;
}

/// Whether one of them asks for another order.
bool LiveTerminal::take_keys() {
  if (!has_keys_) return false;
  bool was_asked = false;
  pollfd ready{STDIN_FILENO, POLLIN, 0};
  while (poll(&ready, 1, 0) == 1) {
    char keys[64];
    const ssize_t size = read(STDIN_FILENO, keys, sizeof keys);
    if (size < 0 && errno == EINTR) break;
    if (size <= 0) {
      has_keys_ = view_.has_keys = false;
      break;
    }
    for (const char key : std::string_view(keys, static_cast<std::size_t>(size))) {
      if (key == 'q') mark_interrupt(SIGINT);
      if (const auto order = order_of_key(key)) {
        view_.order = *order;
        was_asked = true;
      }
    }
  }
  return was_asked;
}

void LiveTerminal::draw(const CaptureProgress& progress) {
  winsize size{};
  const bool is_known = ioctl(screen_.get(), TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0;
  const std::size_t width = is_known ? size.ws_col : 80;
  std::string frame = to_first_line(width, std::exchange(view_.width, width) != width);
  view_.height = is_known ? size.ws_row : 24;
  line_widths_.clear();
  for (const std::string& line : live_table(progress, view_)) {
    frame += line + "\033[K\r\n";
    line_widths_.push_back(columns_of(line));
  }
  pending_ = frame + "\033[J";
  flush();
}

/// Moves to the first line of what stands there, and takes it away if it `erases`.
std::string LiveTerminal::to_first_line(std::size_t width, bool erases) const {
  std::size_t rows = 0;
  // Terminals fold lines that no longer fit after they became narrower.
  for (const std::size_t columns : line_widths_) rows += columns == 0 ? 1 : (columns + width - 1) / width;
  if (rows == 0) return "\r";
  // Lines are deleted, because tmux puts what is erased from the top left corner into the history, and keeps
  // folded lines folded when they are written anew.
  return fmt::format("\r\033[{}A", rows) + (erases ? fmt::format("\033[{}M", rows) : "");
}

void LiveTerminal::clear() {
  is_stale_ = true;
  if (is_gone_ || line_widths_.empty() || !flush(kPatience)) return;
  winsize size{};
  const bool is_known = ioctl(screen_.get(), TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  pending_ = to_first_line(is_known ? size.ws_col : 80, true);
  line_widths_.clear();
  flush(kPatience);
}

/// Whether the terminal has taken all.
bool LiveTerminal::flush(std::chrono::milliseconds patience) {
  while (!pending_.empty() && !is_gone_) {
    pollfd ready{screen_.get(), POLLOUT, 0};
    if (poll(&ready, 1, static_cast<int>(patience.count())) != 1) return false;
    const ssize_t size = write(screen_.get(), pending_.data(), pending_.size());
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    if (size <= 0) {
      // The kernel sends SIGHUP to the shell only, which may keep it to itself.
      if (errno == EIO) mark_interrupt(SIGHUP);
      is_gone_ = true;
    } else {
      pending_.erase(0, static_cast<std::size_t>(size));
    }
  }
  return pending_.empty();
}

}  // namespace pcapml::cli
