// SPDX-License-Identifier: Apache-2.0
#include "dataset/output_directory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "pcapml/error.h"

namespace pcapml {
namespace fs = std::filesystem;
namespace {

/// Nothing but the files of one directory may go with --force: neither an input nor a tree of other things.
void check_replaceable(const fs::path& directory, const std::vector<std::string>& inputs) {
  for (const auto& entry : fs::directory_iterator(directory))
    if (entry.is_directory() && !entry.is_symlink())
      throw UsageError(
          fmt::format("{}: --force replaces a directory of captures, but this one holds the directory {}; "
                      "choose another",
                      directory.string(), entry.path().filename().string()));
  const fs::path replaced = fs::canonical(directory);
  for (const auto& input : inputs) {
    std::error_code ignored;
    if (input != "-" && fs::canonical(input, ignored).parent_path() == replaced)
      throw UsageError(fmt::format("{}: --force would delete the input {}; choose another directory",
                                   directory.string(), input));
  }
  if (fs::equivalent(fs::current_path(), directory))
    throw UsageError(fmt::format("{}: --force cannot replace the current directory", directory.string()));
}

}  // namespace

OutputDirectory::OutputDirectory(const std::string& path, bool force,
                                 const std::vector<std::string>& inputs) {
  fs::path target(path);
  if (!target.has_filename()) target = target.parent_path();  // a slash at the end
  mode_t mode = 0;
  if (fs::exists(target)) {
    target = fs::canonical(target);
    if (!fs::is_directory(target)) throw_errno(path, "write files into it", ENOTDIR);
    if (!fs::is_empty(target)) {
      if (!force)
        throw UsageError(
            fmt::format("{}: the directory is not empty; name a new one, or replace it with --force", path));
      check_replaceable(target, inputs);
    }
    struct stat status = {};
    if (::stat(target.c_str(), &status) == 0) mode = status.st_mode & 07777;
  }
  const fs::path parent = target.has_parent_path() ? target.parent_path() : fs::path(".");
  if (!fs::is_directory(parent))
    throw_errno(path, fmt::format("create: there is no directory {}", parent.string()).c_str(), ENOENT);
  path_ = target.string();
  temporary_ = (parent / fmt::format(".{}.pcapml-XXXXXX", target.filename().string())).string();
  if (::mkdtemp(temporary_.data()) == nullptr) {
    temporary_.clear();
    throw_errno(path, "create");
  }
  if (mode == 0) {
    const mode_t mask = ::umask(0);
    ::umask(mask);
    mode = 0777 & ~mask;
  }
  descriptor_ = FileDescriptor(::open(temporary_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!descriptor_ || ::fchmod(descriptor_.get(), mode) != 0) {
    const int error = errno;
    fs::remove(temporary_);
    throw_errno(path, "create", error);
  }
}

OutputDirectory::~OutputDirectory() {
  std::error_code ignored;
  if (!temporary_.empty()) fs::remove_all(temporary_, ignored);
}

void OutputDirectory::commit() {
  descriptor_.reset();
  if (::rename(temporary_.c_str(), path_.c_str()) == 0) {
    temporary_.clear();
    return;
  }
  if (errno != ENOTEMPTY && errno != EEXIST) throw_errno(path_, "replace");
  if (::renameat2(AT_FDCWD, temporary_.c_str(), AT_FDCWD, path_.c_str(), RENAME_EXCHANGE) == 0) return;
  if (errno != EINVAL && errno != ENOSYS) throw_errno(path_, "replace");
  // A file system that cannot exchange: for a moment neither stands under the name.
  const std::string old = temporary_ + ".old";
  if (::rename(path_.c_str(), old.c_str()) != 0) throw_errno(path_, "replace");
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) {
    const int error = errno;
    if (::rename(old.c_str(), path_.c_str()) != 0) throw_errno(old, "give back its old name");
    throw_errno(path_, "replace", error);
  }
  temporary_ = old;
}

}  // namespace pcapml
