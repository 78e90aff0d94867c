// SPDX-License-Identifier: Apache-2.0
#include "pcapml/mark.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <span>

#include "dataset/csv.h"
#include "dataset/temporary_file.h"
#include "dataset/time_text.h"
#include "io/file_descriptor.h"
#include "io/interrupt.h"
#include "label/rule_file.h"
#include "label/rule_line.h"
#include "label/text.h"
#include "pcapml/error.h"

namespace pcapml {
namespace {

/// The end of a window that goes on: the last time there is, as wide as any, so that it can be overwritten.
constexpr std::string_view kOpenEnd = "|TS_END:9223372036.854775807,";
constexpr std::size_t kOpenTimeAt = kOpenEnd.find(':') + 1;
constexpr std::string_view kOpenTime = kOpenEnd.substr(kOpenTimeAt, kOpenEnd.size() - 1 - kOpenTimeAt);

/// It is read whole, and may be the wrong one.
constexpr off_t kMostBytes = off_t{256} << 20;

/// A label file that nobody else marks meanwhile.
class MarkedFile {
 public:
  MarkedFile(const std::string& path, bool create) : path_(path) {
    fd_ = FileDescriptor(::open(path.c_str(), O_RDWR | O_CLOEXEC | (create ? O_CREAT : 0), 0666));
    if (!fd_) throw_errno(path_, "open");
    if (!S_ISREG(status().st_mode))
      throw UsageError(fmt::format("{}: is no regular file; marks are kept in one", path_));
    while (::flock(fd_.get(), LOCK_EX) != 0) {
      if (errno != EINTR) throw_errno(path_, "lock");
      check_interrupt();
    }
    const off_t size = status().st_size;
    if (size > kMostBytes)
      throw DataError(fmt::format("{}: too large for a label file; the file is left as it is", path_));
    text_.resize(static_cast<std::size_t>(size));
    if (!read_whole(fd_.get(), path_, 0, std::as_writable_bytes(std::span(text_))))
      throw DataError(fmt::format("{}: became shorter while it was read", path_));
  }

  const std::string& text() const { return text_; }

  /// Over what is there.
  void overwrite(std::size_t at, std::string_view bytes) { write(at, bytes); }

  /// Behind what is there; where it fails, all is as it was.
  void append(std::string_view bytes) {
    try {
      write(text_.size(), bytes);
    } catch (...) {
      if (::ftruncate(fd_.get(), static_cast<off_t>(text_.size())) != 0) throw_errno(path_, "restore");
      throw;
    }
  }

 private:
  struct stat status() const {
    struct stat status {};
    if (::fstat(fd_.get(), &status) != 0) throw_errno(path_, "look at");
    return status;
  }

  void write(std::size_t at, std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(at));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) throw_errno(path_, "write");
      at += static_cast<std::size_t>(n);
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
  }

  std::string path_;
  FileDescriptor fd_;
  std::string text_;
};

/// The last rule of the file, where it goes on.
struct OpenWindow {
  Activity activity;
  std::size_t end_at = 0;  ///< of the digits of its end, in the file
};

std::optional<OpenWindow> find_open(const std::string& path, const std::string& text) {
  const RuleFile file = parse_rule_file(text);
  if (!file.problems.empty())
    throw DataError(fmt::format("{}:{}: {}; the file is left as it is", path, file.problems[0].line,
                                file.problems[0].reason));
  const std::size_t at = text.rfind(kOpenEnd);
  if (file.rules.empty() || at == std::string::npos) return std::nullopt;
  const Rule& last = file.rules.back();
  const auto line = 1 + static_cast<std::size_t>(
                            std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
  if (line != last.line) return std::nullopt;
  return OpenWindow{{last.label, last.start_ns}, at + kOpenTimeAt};
}

/// As wide as the open end.
std::string time_digits(std::int64_t ns) { return fmt::format("{:0>20}", seconds_text(ns)); }

std::string line_of(const std::string& label, std::int64_t start_ns) {
  return fmt::format("TS_START:{}{}{}\n", time_digits(start_ns), kOpenEnd, csv_field(label));
}

void check(const MarkRequest& request) {
  if (request.output == "-") throw UsageError("marks are kept in a file; name one with -o");
  if (request.stop != request.label.empty())
    throw UsageError(request.stop ? "--stop ends the activity that goes on; a label would begin another"
                                  : "name the activity that begins, or end the last one with --stop");
  if (request.stop) return;
  if (request.label.find_first_of("\r\n") != std::string::npos) throw UsageError("a label is one line");
  std::string line = line_of(request.label, 0);
  line.pop_back();
  RuleLineParser parser;
  Rule rule;
  if (!parser.parse(line, rule))
    throw UsageError(fmt::format("{}: {}", shown(request.label), parser.reasons()[0]));
}

}  // namespace

MarkResult mark(const MarkRequest& request, const std::function<std::int64_t()>& clock) {
  check(request);
  MarkedFile file(request.output, !request.stop);
  const auto open = find_open(request.output, file.text());
  if (request.stop && !open)
    throw DataError(fmt::format("{}: no activity goes on that could stop", request.output));
  MarkResult result;
  result.now_ns = clock();
  if (result.now_ns < 0) throw DataError("the clock is before 1970; set it right");
  if (open) {
    const std::int64_t start = open->activity.start_ns;
    if (result.now_ns < start)
      throw DataError(
          fmt::format("{}: {} began at {}, which is after the present time {}; set the clock right",
                      request.output, shown(open->activity.label), utc_text(start), utc_text(result.now_ns)));
    // Windows are inclusive: the last nanosecond is the next activity's.
    file.overwrite(open->end_at,
                   time_digits(request.stop ? result.now_ns : std::max(start, result.now_ns - 1)));
    result.ended = open->activity;
  }
  if (request.stop) return result;
  const bool ends_line = file.text().empty() || file.text().ends_with('\n');
  try {
    file.append((ends_line ? "" : "\n") + line_of(request.label, result.now_ns));
  } catch (...) {
    if (open) file.overwrite(open->end_at, kOpenTime);
    throw;
  }
  result.begun = Activity{request.label, result.now_ns};
  return result;
}

MarkResult mark(const MarkRequest& request) {
  return mark(request, [] {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::int64_t{std::chrono::duration_cast<std::chrono::nanoseconds>(now).count()};
  });
}

}  // namespace pcapml
