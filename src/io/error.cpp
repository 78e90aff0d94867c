// SPDX-License-Identifier: Apache-2.0
#include "pcapml/error.h"

#include <fmt/format.h>

#include <cerrno>
#include <system_error>

namespace pcapml {

FormatError::FormatError(std::string path, std::uint64_t offset, const std::string& reason)
    : std::runtime_error(fmt::format("{}: byte {}: {}", path, offset, reason)),
      path_(std::move(path)),
      offset_(offset) {}

Interrupted::Interrupted(int signal)
    : std::runtime_error(fmt::format("interrupted by signal {}", signal)), signal_(signal) {}

void throw_errno(const std::string& path, const char* action) { throw_errno(path, action, errno); }

void throw_errno(const std::string& path, const char* action, int error) {
  throw std::system_error(error, std::generic_category(), fmt::format("{}: cannot {}", path, action));
}

}  // namespace pcapml
