// SPDX-License-Identifier: Apache-2.0
#include "dataset/temporary_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "io/interrupt.h"
#include "pcapml/error.h"

namespace pcapml {
namespace {

FileDescriptor unnamed_file(const std::string& directory) {
  FileDescriptor file(::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (!file && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL || errno == ENOENT)) {
    std::string name = directory + "/.pcapml-XXXXXX";
    file = FileDescriptor(::mkostemp(name.data(), O_CLOEXEC));
    if (file) ::unlink(name.c_str());
  }
  if (!file) throw_errno(directory, "create a temporary file");
  return file;
}

[[noreturn]] void throw_full(const std::string& directory, std::uint64_t offset, int error) {
  if (error != ENOSPC && error != EDQUOT && error != EFBIG)
    throw_errno(directory, "write a temporary file", error);
  throw std::system_error(
      error, std::generic_category(),
      fmt::format(
          "{}: no room for temporary files beyond {} MB; free some there, name another directory with "
          "--tmp, or allow more --memory",
          directory, offset / 1'000'000));
}

class TemporarySink final : public Sink {
 public:
  explicit TemporarySink(const TemporaryFile& file) : file_(file) {}

  void write(Bytes bytes) override {
    file_.write_at(written_, bytes);
    written_ += bytes.size();
  }

 private:
  const TemporaryFile& file_;
  std::uint64_t written_ = 0;
};

}  // namespace

TemporaryFile::TemporaryFile(std::string directory)
    : directory_(std::move(directory)), file_(unnamed_file(directory_)) {}

std::unique_ptr<Sink> TemporaryFile::sink() { return std::make_unique<TemporarySink>(*this); }

void TemporaryFile::write_at(std::uint64_t offset, Bytes bytes) const {
  check_interrupt();
  while (!bytes.empty()) {
    const ssize_t n = ::pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (n > 0) {
      offset += static_cast<std::uint64_t>(n);
      bytes = bytes.subspan(static_cast<std::size_t>(n));
    } else if (n < 0 && errno == EINTR) {
      check_interrupt();
    } else {
      throw_full(directory_, offset, n == 0 ? EIO : errno);
    }
  }
}

void TemporaryFile::read_at(std::uint64_t offset, std::span<std::byte> into) const {
  check_interrupt();
  if (!read_whole(file_.get(), directory_, offset, into))
    throw_errno(directory_, "read a temporary file", EIO);
}

bool read_whole(int descriptor, const std::string& name, std::uint64_t offset, std::span<std::byte> into) {
  while (!into.empty()) {
    const ssize_t n = ::pread(descriptor, into.data(), into.size(), static_cast<off_t>(offset));
    if (n == 0) return false;
    if (n < 0) {
      if (errno != EINTR) throw_errno(name, "read");
      check_interrupt();
      continue;
    }
    offset += static_cast<std::uint64_t>(n);
    into = into.subspan(static_cast<std::size_t>(n));
  }
  return true;
}

std::string temporary_directory(const std::string& output) {
  namespace fs = std::filesystem;
  if (output != "-" && (!fs::exists(output) || fs::is_regular_file(output))) {
    const fs::path directory = fs::path(output).parent_path();
    return directory.empty() ? "." : directory.string();
  }
  return fs::temp_directory_path().string();
}

std::optional<std::uint64_t> free_bytes(const std::string& directory) {
  struct statvfs status = {};
  if (::statvfs(directory.c_str(), &status) != 0 || status.f_blocks == 0) return std::nullopt;
  const bool is_root = ::geteuid() == 0;  // who may take what is reserved
  return std::uint64_t{is_root ? status.f_bfree : status.f_bavail} * status.f_frsize;
}

bool share_file_system(const std::string& a, const std::string& b) {
  struct stat first = {}, second = {};
  return ::stat(a.c_str(), &first) == 0 && ::stat(b.c_str(), &second) == 0 && first.st_dev == second.st_dev;
}

}  // namespace pcapml
