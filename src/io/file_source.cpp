// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>

#include "io/file_descriptor.h"
#include "io/interrupt.h"
#include "pcapml/error.h"
#include "pcapml/source.h"

namespace pcapml {
namespace {

class FileSource final : public Source {
 public:
  explicit FileSource(const std::string& path) : name_(path == "-" ? "standard input" : path) {
    if (path != "-") {
      owned_ = open_file(path);
      file_ = owned_.get();
    }
    struct stat status {};
    if (::fstat(file_, &status) != 0) throw_errno(name_, "read");
    if (S_ISDIR(status.st_mode)) throw_errno(name_, "read", EISDIR);
    if (!S_ISREG(status.st_mode)) return;
    // Standard input may be a file whose front somebody else has read.
    const off_t start = std::max<off_t>(::lseek(file_, 0, SEEK_CUR), 0);
    size_ = static_cast<std::uint64_t>(std::max<off_t>(status.st_size - start, 0));
    ::posix_fadvise(file_, 0, 0, POSIX_FADV_SEQUENTIAL);
  }

  std::size_t read(std::span<std::byte> into) override {
    constexpr std::size_t kMost = std::numeric_limits<ssize_t>::max();
    while (true) {
      check_interrupt();
      if (!size_ && !wait()) continue;
      const ssize_t count = ::read(file_, into.data(), std::min(into.size(), kMost));
      if (count >= 0) {
        position_ += static_cast<std::uint64_t>(count);
        return static_cast<std::size_t>(count);
      }
      if (errno != EINTR && errno != EAGAIN) throw_errno(name_, "read");
    }
  }

  const std::string& name() const override { return name_; }
  std::uint64_t position() const override { return position_; }
  std::optional<std::uint64_t> size() const override { return size_; }

 private:
  FileDescriptor open_file(const std::string& path) const {
    // The writer of a FIFO is waited for with its data, where an interrupt is seen.
    FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file) throw_errno(name_, "open");
    return file;
  }

  /// Waits for data, but not for ever: a signal just before the wait would go unseen. Also lets a descriptor
  /// that was made non-blocking by another process be read.
  bool wait() const {
    constexpr int kMilliseconds = 500;
    pollfd poll_file{.fd = file_, .events = POLLIN, .revents = 0};
    const int ready = ::poll(&poll_file, 1, kMilliseconds);
    if (ready < 0 && errno != EINTR) throw_errno(name_, "read");
    return ready > 0;
  }

  std::string name_;
  FileDescriptor owned_;
  int file_ = STDIN_FILENO;
  std::uint64_t position_ = 0;
  std::optional<std::uint64_t> size_;
};

class MemorySource final : public Source {
 public:
  MemorySource(Bytes bytes, std::string name) : bytes_(bytes), name_(std::move(name)) {}

  std::size_t read(std::span<std::byte> into) override {
    const std::size_t count = std::min(into.size(), bytes_.size() - position_);
    if (count != 0) std::memcpy(into.data(), bytes_.data() + position_, count);
    position_ += count;
    return count;
  }

  const std::string& name() const override { return name_; }
  std::uint64_t position() const override { return position_; }
  std::optional<std::uint64_t> size() const override { return bytes_.size(); }

 private:
  Bytes bytes_;
  std::string name_;
  std::size_t position_ = 0;
};

}  // namespace

std::unique_ptr<Source> open_source(const std::string& path) {
  return decompress(std::make_unique<FileSource>(path));
}

std::unique_ptr<Source> memory_source(Bytes bytes, std::string name) {
  return std::make_unique<MemorySource>(bytes, std::move(name));
}

}  // namespace pcapml
