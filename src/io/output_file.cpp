// SPDX-License-Identifier: Apache-2.0
#include "io/output_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <optional>

#include "io/file_descriptor.h"
#include "io/interrupt.h"
#include "pcapml/error.h"

namespace pcapml {
namespace {

class DescriptorSink final : public Sink {
 public:
  DescriptorSink(int descriptor, std::string name) : fd_(descriptor), name_(std::move(name)) {}

  void write(Bytes bytes) override {
    while (!bytes.empty()) {
      const ssize_t n = ::write(fd_, bytes.data(), bytes.size());
      if (n >= 0) {
        bytes = bytes.subspan(static_cast<std::size_t>(n));
      } else if (errno == EINTR) {
        check_interrupt();
      } else {
        throw_errno(name_, "write");
      }
    }
  }

 private:
  int fd_;
  std::string name_;
};

std::optional<struct stat> stat_of(const std::string& path) {
  struct stat s = {};
  if (::stat(path.c_str(), &s) == 0) return s;
  return std::nullopt;
}

/// The file that a link stands for, so that replacing it keeps the link.
std::string resolve_links(const std::string& path) {
  if (char* real = ::realpath(path.c_str(), nullptr)) {
    std::string resolved(real);
    std::free(real);
    return resolved;
  }
  struct stat s = {};
  if (::lstat(path.c_str(), &s) == 0 && S_ISLNK(s.st_mode))
    throw_errno(path, "create through this link, which leads nowhere", ENOENT);
  return path;
}

std::string hidden_name_beside(const std::filesystem::path& path) {
  return (path.parent_path() / fmt::format(".{}.pcapml-XXXXXX", path.filename().string())).string();
}

}  // namespace

std::unique_ptr<Sink> descriptor_sink(int descriptor, std::string name) {
  return std::make_unique<DescriptorSink>(descriptor, std::move(name));
}

struct OutputFile::State {
  std::string path;         ///< as it will be
  std::string temporary;    ///< name of the unfinished file; empty where it has none
  bool direct = false;      ///< a pipe or a device
  Sync sync = Sync::no;
  FileDescriptor fd;
  std::optional<OutputStream> stream;

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    stream.reset();
    if (!temporary.empty()) ::unlink(temporary.c_str());
  }

  void open(const std::string& name, Sync how) {
    sync = how;
    if (name == "-") {
      path = "standard output";
      direct = true;
      fd = FileDescriptor(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3));
      if (!fd) throw_errno(path, "open");
    } else {
      path = resolve_links(name);
      const auto existing = stat_of(path);
      if (existing && S_ISDIR(existing->st_mode)) throw_errno(name, "write", EISDIR);
      direct = existing && !S_ISREG(existing->st_mode);
      if (direct) {
        fd = FileDescriptor(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY));
        if (!fd) throw_errno(path, "open");
      } else {
        create_beside(existing);
      }
    }
    auto sink = descriptor_sink(fd.get(), name == "-" ? path : name);
    if (const auto how_packed = compression_of_name(name); how_packed != Compression::none)
      sink = compress(std::move(sink), how_packed);
    // A blocked pipe must end with the signal that ends the program, so it is written from the main thread.
    stream.emplace(std::move(sink), direct ? OutputStream::Threading::none : OutputStream::Threading::background);
  }

  void create_beside(const std::optional<struct stat>& existing) {
    const std::filesystem::path target(path);
    const std::string directory = target.has_parent_path() ? target.parent_path().string() : ".";
    if (!stat_of(directory)) throw_errno(path, "create: its directory does not exist", ENOENT);
    if (existing && ::access(path.c_str(), W_OK) != 0) throw_errno(path, "replace");
    fd = FileDescriptor(::open(directory.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666));
    if (!fd && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL || errno == ENOENT)) {
      temporary = hidden_name_beside(target);
      fd = FileDescriptor(::mkostemp(temporary.data(), O_CLOEXEC));
      if (!fd) {
        temporary.clear();
        throw_errno(path, "create");
      }
      const mode_t mask = ::umask(0);
      ::umask(mask);
      if (::fchmod(fd.get(), 0666 & ~mask) != 0) throw_errno(path, "create");
    }
    if (!fd) throw_errno(path, "create");
    if (existing) {
      // Owner first: it clears the set-id bits. A user cannot give files away, and need not.
      if (::fchown(fd.get(), existing->st_uid, existing->st_gid) != 0 && errno != EPERM) throw_errno(path, "create");
      if (::fchmod(fd.get(), existing->st_mode & 07777) != 0) throw_errno(path, "create");
    }
  }

  void commit() {
    stream->finish();
    if (sync == Sync::yes && ::fsync(fd.get()) != 0 && !(direct && (errno == EINVAL || errno == EROFS)))
      throw_errno(path, "flush");
    if (!direct) give_name();
    if (::close(fd.release()) != 0) throw_errno(path, "close");
  }

  void give_name() {
    if (temporary.empty()) {
      const std::string handle = fmt::format("/proc/self/fd/{}", fd.get());
      if (::linkat(AT_FDCWD, handle.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW) == 0) return;
      if (errno != EEXIST) throw_errno(path, "create");
      for (int attempt = 0;; ++attempt) {
        const std::filesystem::path target(path);
        const std::string name = (target.parent_path() / fmt::format(".{}.pcapml-{}-{}", target.filename().string(),
                                                                     ::getpid(), attempt)).string();
        if (::linkat(AT_FDCWD, handle.c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) == 0) {
          temporary = name;
          break;
        }
        if (errno != EEXIST) throw_errno(path, "create");
      }
    }
    if (::rename(temporary.c_str(), path.c_str()) != 0) throw_errno(path, "replace");
    temporary.clear();
  }
};

OutputFile::OutputFile(const std::string& path, Sync sync) : state_(std::make_unique<State>()) {
  state_->open(path, sync);
}
OutputFile::~OutputFile() = default;
OutputFile::OutputFile(OutputFile&&) noexcept = default;

OutputStream& OutputFile::stream() { return *state_->stream; }
bool OutputFile::is_regular() const { return !state_->direct; }
void OutputFile::commit() { state_->commit(); }

void refuse_same_file(const std::string& output, const std::vector<std::string>& inputs) {
  const auto out = stat_of(output == "-" ? "/dev/stdout" : output);
  if (!out || !S_ISREG(out->st_mode)) return;
  for (const auto& input : inputs) {
    const auto in = stat_of(input == "-" ? "/dev/stdin" : input);
    if (in && in->st_dev == out->st_dev && in->st_ino == out->st_ino)
      throw UsageError(fmt::format("output {} is the same file as input {}; choose another name", output, input));
  }
}

}  // namespace pcapml
