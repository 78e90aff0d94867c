// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace pcapml {

/// SHA-256 of a file's bytes as they lie on the disk, in lower-case hex digits. Throws std::system_error
/// where it cannot be read.
std::string sha256_of_file(const std::string& path);

}  // namespace pcapml
