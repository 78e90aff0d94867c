// SPDX-License-Identifier: Apache-2.0
#include "capture/live_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "io/interrupt.h"
#include "pcapml/cursor.h"
#include "pcapml/error.h"

namespace pcapml {
namespace {

constexpr std::size_t kBuffer = std::size_t{1} << 20;

}  // namespace

LiveFile::LiveFile(FileDescriptor file, std::string name)
    : file_(std::move(file)), name_(std::move(name)), buffer_(kBuffer) {
  struct stat status {};
  is_regular_ = fstat(file_.get(), &status) == 0 && S_ISREG(status.st_mode);
}

void LiveFile::begin() {
  if (is_regular_ && ftruncate(file_.get(), 0) != 0) throw_errno(name_, "empty");
}

void LiveFile::go_on_in(FileDescriptor file, std::string name) {
  flush();
  file_ = std::move(file);
  name_ = std::move(name);
  written_ = 0;
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
    if (n < 0 && errno != EINTR) fail(done, errno);
    if (n > 0) done += static_cast<std::size_t>(n);
    // A signal makes a write short, or none.
    if (done < used_ && is_given_up()) fail(done, EINTR);
  }
  written_ += used_;
  used_ = 0;
}

/// A reader that reads no more is waited for, but only until the second signal.
bool LiveFile::is_given_up() {
  try {
    check_interrupt();
  } catch (const Interrupted&) {
    ++interrupts_;
  }
  return interrupts_ > 1;
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
  throw_errno(name_, "write", error);
}

}  // namespace pcapml
