// SPDX-License-Identifier: Apache-2.0
#include "io/output_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <thread>

#include "io/file_descriptor.h"
#include "io/interrupt.h"
#include "pcapml/error.h"

namespace pcapml {
namespace {

constexpr int kMillisecondsToWait = 50;  // before interrupts are looked for again

class DescriptorSink final : public Sink {
 public:
  DescriptorSink(int descriptor, std::string name) : fd_(descriptor), name_(std::move(name)) {}

  void write(Bytes bytes) override {
    while (!bytes.empty()) {
      const ssize_t n = ::write(fd_, bytes.data(), bytes.size());
      if (n > 0) {
        bytes = bytes.subspan(static_cast<std::size_t>(n));
      } else if (n == 0) {
        throw_errno(name_, "write", EIO);
      } else if (errno == EINTR) {
        check_interrupt();
      } else if (errno == EAGAIN) {
        wait_for_room();
      } else {
        throw_errno(name_, "write");
      }
    }
  }

 private:
  /// Whoever shares a pipe with us may have made it non-blocking.
  void wait_for_room() const {
    pollfd waiting{fd_, POLLOUT, 0};
    ::poll(&waiting, 1, kMillisecondsToWait);
    check_interrupt();
  }

  int fd_;
  std::string name_;
};

/// nullopt where nothing has this name.
std::optional<struct stat> stat_of(const std::string& path) {
  struct stat s = {};
  if (::stat(path.c_str(), &s) == 0) return s;
  if (errno != ENOENT) throw_errno(path, "examine");
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

std::string hidden_name_beside(const std::filesystem::path& path, const std::string& mark) {
  constexpr std::size_t kRoomForMark = 200;  // of the 255 bytes that a name may have
  const std::string stem = path.filename().string().substr(0, kRoomForMark);
  return (path.parent_path() / fmt::format(".{}.pcapml-{}", stem, mark)).string();
}

/// Owner, group and mode of the file that is replaced, as far as the user may set them.
void take_over_access(int fd, const std::string& path, const struct stat& existing) {
  mode_t mode = existing.st_mode & 0777;
  // A group that cannot be kept must not pass its rights to another one.
  if (::fchown(fd, static_cast<uid_t>(-1), existing.st_gid) != 0) mode &= 0707U;
  if (::fchown(fd, existing.st_uid, static_cast<gid_t>(-1)) != 0 && errno != EPERM && errno != EINVAL)
    throw_errno(path, "create");
  if (::fchmod(fd, mode) != 0) throw_errno(path, "create");
}

/// A new name lasts through a power failure once its directory is on the disk.
void sync_directory_of(const std::string& path) {
  const std::filesystem::path directory = std::filesystem::path(path).parent_path();
  const FileDescriptor fd(
      ::open(directory.empty() ? "." : directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd && ::fsync(fd.get()) != 0 && errno != EINVAL && errno != EROFS)
    throw_errno(path, "flush the directory of");
}

}  // namespace

std::unique_ptr<Sink> descriptor_sink(int descriptor, std::string name) {
  return std::make_unique<DescriptorSink>(descriptor, std::move(name));
}

struct OutputFile::State {
  std::string path;       ///< as it will be
  std::string temporary;  ///< name of the unfinished file; empty where it has none
  bool direct = false;    ///< a pipe or a device
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

  void open(const std::string& name, Sync how, unsigned threads) {
    sync = how;
    if (threads == 0) threads = std::max(1U, std::thread::hardware_concurrency());
    if (name == "-") {
      path = "standard output";
      direct = true;
      fd = FileDescriptor(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3));
      if (!fd) throw_errno(path, "open");
    } else {
      open_path(name);
    }
    auto sink = descriptor_sink(fd.get(), name == "-" ? path : name);
    sink = compress(std::move(sink), compression_of_name(name), threads);
    // A blocked pipe must end with the signal that ends the program, so it is written from the main thread.
    stream.emplace(std::move(sink), direct || threads == 1 ? OutputStream::Threading::none
                                                           : OutputStream::Threading::background);
  }

  void open_path(const std::string& name) {
    if (name.empty()) throw_errno("output", "open a file without a name", ENOENT);
    const auto existing = stat_of(name);
    if (existing && S_ISDIR(existing->st_mode)) throw_errno(name, "write", EISDIR);
    direct = existing && !S_ISREG(existing->st_mode);
    // The link /dev/stdout of a pipe leads to no path, so links are resolved for regular files alone.
    path = direct ? name : resolve_links(name);
    if (!direct) return create_beside(existing);
    while (true) {
      fd = FileDescriptor(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
      if (fd) break;
      if (errno != ENXIO || !S_ISFIFO(existing->st_mode)) throw_errno(path, "open");
      ::poll(nullptr, 0, kMillisecondsToWait);  // nobody reads the FIFO yet
      check_interrupt();
    }
  }

  void create_beside(const std::optional<struct stat>& existing) {
    const std::filesystem::path target(path);
    const std::string directory = target.has_parent_path() ? target.parent_path().string() : ".";
    if (!stat_of(directory)) throw_errno(path, "create: its directory does not exist", ENOENT);
    if (existing && ::access(path.c_str(), W_OK) != 0) throw_errno(path, "replace");
    // A file without a name cannot be left behind; giving it one takes /proc.
    if (::access("/proc/self/fd", X_OK) == 0)
      fd = FileDescriptor(::open(directory.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666));
    if (!fd) create_named(target);
    if (existing) take_over_access(fd.get(), path, *existing);
  }

  /// For file systems without O_TMPFILE (NFS, FUSE and others). Its errors are those of any file there.
  void create_named(const std::filesystem::path& target) {
    temporary = hidden_name_beside(target, "XXXXXX");
    fd = FileDescriptor(::mkostemp(temporary.data(), O_CLOEXEC));
    if (!fd) {
      temporary.clear();
      throw_errno(path, "create");
    }
    const mode_t mask = ::umask(0);
    ::umask(mask);
    if (::fchmod(fd.get(), 0666 & ~mask) != 0) throw_errno(path, "create");
  }

  void commit() {
    stream->finish();
    check_interrupt();
    if (sync == Sync::yes && ::fsync(fd.get()) != 0 && !(direct && (errno == EINVAL || errno == EROFS)))
      throw_errno(path, "flush");
    if (!direct && temporary.empty()) link_beside();
    // Network file systems tell of a full disk here, so the name comes after.
    if (::close(fd.release()) != 0) throw_errno(path, "close");
    if (!temporary.empty()) {
      if (::rename(temporary.c_str(), path.c_str()) != 0) throw_errno(path, "replace");
      temporary.clear();
    }
    if (sync == Sync::yes && !direct) sync_directory_of(path);
  }

  /// Gives a file without a name its own, or a hidden one where that is taken.
  void link_beside() {
    const std::string handle = fmt::format("/proc/self/fd/{}", fd.get());
    std::string name = path;
    for (int attempt = 0; ::linkat(AT_FDCWD, handle.c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) != 0;
         ++attempt) {
      if (errno != EEXIST) throw_errno(path, "create");
      name = hidden_name_beside(path, fmt::format("{}-{}", ::getpid(), attempt));
    }
    if (name != path) temporary = name;
  }
};

OutputFile::OutputFile(const std::string& path, Sync sync, unsigned threads)
    : state_(std::make_unique<State>()) {
  state_->open(path, sync, threads);
}
OutputFile::~OutputFile() = default;
OutputFile::OutputFile(OutputFile&&) noexcept = default;

OutputStream& OutputFile::stream() { return *state_->stream; }
bool OutputFile::is_regular() const { return !state_->direct; }
void OutputFile::commit() { state_->commit(); }

void refuse_same_file(const std::string& output, const std::vector<std::string>& inputs) {
  const auto file_of = [](const std::string& path, int standard) {
    struct stat s = {};
    const bool found = (path == "-" ? ::fstat(standard, &s) : ::stat(path.c_str(), &s)) == 0;
    return found && S_ISREG(s.st_mode) ? std::optional(s) : std::nullopt;
  };
  const auto out = file_of(output, STDOUT_FILENO);
  if (!out) return;
  for (const auto& input : inputs) {
    const auto in = file_of(input, STDIN_FILENO);
    if (in && in->st_dev == out->st_dev && in->st_ino == out->st_ino)
      throw UsageError(
          fmt::format("output {} is the same file as input {}; choose another name", output, input));
  }
}

}  // namespace pcapml
