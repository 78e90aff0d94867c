// SPDX-License-Identifier: Apache-2.0
#include "capture/live_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "pcapml/cursor.h"
#include "pcapml/error.h"

namespace pcapml {
namespace {

constexpr std::size_t kBuffer = std::size_t{1} << 20;

}  // namespace

LiveFile::LiveFile(std::string path) : path_(std::move(path)), buffer_(kBuffer) {
  struct stat status {};
  if (path_ == "-") {
    path_ = "standard output";
    file_ = FileDescriptor(fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3));
    if (isatty(STDOUT_FILENO) != 0)
      throw UsageError("standard output is a terminal; write to a file, or into a pipe");
    was_there_ = true;
  } else {
    was_there_ = stat(path_.c_str(), &status) == 0;
    file_ = FileDescriptor(open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
  }
  if (!file_) throw_errno(path_, "create");
  is_regular_ = fstat(file_.get(), &status) == 0 && S_ISREG(status.st_mode);
}

LiveFile::~LiveFile() {
  if (!has_begun_ && !was_there_ && is_regular_) unlink(path_.c_str());
}

void LiveFile::begin() {
  has_begun_ = true;
  if (is_regular_ && path_ != "standard output" && ftruncate(file_.get(), 0) != 0)
    throw_errno(path_, "empty");
}

std::byte* LiveFile::append(std::size_t n) {
  if (used_ + n > buffer_.size()) {
    flush();
    if (n > buffer_.size()) buffer_.resize(n);
  }
  std::byte* at = buffer_.data() + used_;
  used_ += n;
  return at;
}

void LiveFile::flush() {
  std::size_t done = 0;
  while (done < used_) {
    const ssize_t n = ::write(file_.get(), buffer_.data() + done, used_ - done);
    if (n > 0) {
      done += static_cast<std::size_t>(n);
    } else if (n < 0 && errno != EINTR) {
      fail(done, errno);
    }
  }
  written_ += used_;
  used_ = 0;
}

void LiveFile::fail(std::size_t done, int error) {
  std::size_t whole = 0;
  Cursor at({buffer_.data(), used_}, kNativeOrder);
  while (at.ok() && at.position() <= done) {
    whole = at.position();
    at.skip(4);
    const std::uint32_t length = at.u32();
    at.skip(length - 8);
  }
  const auto end = static_cast<off_t>(written_ + whole);
  if (is_regular_ && ftruncate(file_.get(), end) == 0) lseek(file_.get(), end, SEEK_SET);
  used_ = 0;
  throw_errno(path_, "write", error);
}

}  // namespace pcapml
