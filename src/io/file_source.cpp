// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>

#include "io/interrupt.h"
#include "pcapml/error.h"
#include "pcapml/source.h"

namespace pcapml {
namespace {

class FileSource final : public Source {
 public:
  explicit FileSource(const std::string& path) : name_(path == "-" ? "standard input" : path) {
    if (path == "-") {
      file_ = STDIN_FILENO;
    } else {
      // An open waits for the other end of a FIFO, and a signal ends that wait.
      while ((file_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC)) < 0) {
        const int error = errno;
        check_interrupt();
        if (error != EINTR) throw_errno(name_, "open", error);
      }
      owned_ = true;
    }
    try {
      examine();
    } catch (...) {
      close();
      throw;
    }
  }
  ~FileSource() override { close(); }
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;

  std::size_t read(std::span<std::byte> into) override {
    constexpr std::size_t kMost = std::numeric_limits<ssize_t>::max();
    for (;;) {
      check_interrupt();
      const ssize_t count = ::read(file_, into.data(), std::min(into.size(), kMost));
      if (count >= 0) {
        position_ += static_cast<std::uint64_t>(count);
        return static_cast<std::size_t>(count);
      }
      if (errno != EINTR) throw_errno(name_, "read");
    }
  }

  const std::string& name() const override { return name_; }
  std::uint64_t position() const override { return position_; }
  std::optional<std::uint64_t> size() const override { return size_; }

 private:
  void examine() {
    struct stat status {};
    if (::fstat(file_, &status) != 0) throw_errno(name_, "examine");
    if (S_ISDIR(status.st_mode)) throw_errno(name_, "read", EISDIR);
    if (!S_ISREG(status.st_mode)) return;
    // Standard input may be a file that somebody else has read the front of.
    const off_t start = owned_ ? 0 : std::max<off_t>(::lseek(file_, 0, SEEK_CUR), 0);
    size_ = static_cast<std::uint64_t>(std::max<off_t>(status.st_size - start, 0));
    ::posix_fadvise(file_, 0, 0, POSIX_FADV_SEQUENTIAL);
  }

  void close() noexcept {
    if (owned_) ::close(file_);
    owned_ = false;
  }

  std::string name_;
  int file_ = -1;
  bool owned_ = false;
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
