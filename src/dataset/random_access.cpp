// SPDX-License-Identifier: Apache-2.0
#include "dataset/random_access.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "format/format_reader.h"
#include "pcapml/error.h"

namespace pcapml {
namespace {

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
  Tee(std::unique_ptr<Source> source, std::unique_ptr<Sink> copy)
      : source_(std::move(source)), copy_(std::move(copy)) {}

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
  copy_.emplace(directory);
  source_ = std::make_unique<Tee>(std::move(source_), copy_->sink());
}

std::unique_ptr<Source> RandomAccess::first_reading() { return std::move(source_); }

void RandomAccess::read_at(std::uint64_t offset, std::span<std::byte> into) const {
  const int descriptor = copy_ ? copy_->descriptor() : file_.get();
  if (!read_whole(descriptor, name_, offset, into))
    throw FormatError(name_, offset, "the file became shorter while it was being read");
}

bool is_plain_capture(const std::string& path) { return static_cast<bool>(open_plain_capture(path)); }

}  // namespace pcapml
