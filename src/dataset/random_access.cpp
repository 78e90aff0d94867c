// SPDX-License-Identifier: Apache-2.0
#include "dataset/random_access.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include "format/format_reader.h"
#include "io/interrupt.h"
#include "io/output_file.h"
#include "pcapml/cursor.h"
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

/// A regular file that holds a capture as it is, not compressed.
FileDescriptor open_plain_capture(const std::string& path) {
  if (path == "-") return {};
  struct stat status = {};
  if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return {};
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::byte start[4];
  if (!file || ::pread(file.get(), start, sizeof start, 0) != sizeof start || !is_capture_magic(Bytes(start)))
    return {};
  return file;
}

}  // namespace

/// Writes what it reads into the temporary file.
class RandomAccess::Tee final : public Source {
 public:
  Tee(std::unique_ptr<Source> source, int copy, const std::string& directory)
      : source_(std::move(source)), copy_(descriptor_sink(copy, directory + " (temporary file)")) {}

  std::size_t read(std::span<std::byte> into) override {
    const std::size_t n = source_->read(into);
    copy_->write(into.first(n));
    return n;
  }
  const std::string& name() const override { return source_->name(); }
  std::uint64_t position() const override { return source_->position(); }
  std::optional<std::uint64_t> size() const override { return source_->size(); }

 private:
  std::unique_ptr<Source> source_;
  std::unique_ptr<Sink> copy_;
};

RandomAccess::RandomAccess(const std::string& path, const std::string& directory)
    : source_(open_source(path)), file_(open_plain_capture(path)) {
  name_ = source_->name();
  if (file_) return;
  file_ = unnamed_file(directory);
  source_ = std::make_unique<Tee>(std::move(source_), file_.get(), directory);
}

std::unique_ptr<Source> RandomAccess::first_reading() { return std::move(source_); }

void RandomAccess::read_at(std::uint64_t offset, std::span<std::byte> into) const {
  while (!into.empty()) {
    const ssize_t n = ::pread(file_.get(), into.data(), into.size(), static_cast<off_t>(offset));
    if (n == 0) throw FormatError(name_, offset, "the file became shorter while it was being read");
    if (n < 0) {
      if (errno != EINTR) throw_errno(name_, "read");
      check_interrupt();
      continue;
    }
    offset += static_cast<std::uint64_t>(n);
    into = into.subspan(static_cast<std::size_t>(n));
  }
}

std::string temporary_directory(const std::string& output) {
  namespace fs = std::filesystem;
  if (output != "-" && (!fs::exists(output) || fs::is_regular_file(output))) {
    const fs::path directory = fs::path(output).parent_path();
    return directory.empty() ? "." : directory.string();
  }
  return fs::temp_directory_path().string();
}

}  // namespace pcapml
