// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace pcapml {

/// The GNU build id of a 64-bit ELF file of this machine's byte order (NT_GNU_BUILD_ID in a PT_NOTE segment);
/// empty where there is none. The file may hold anything.
std::vector<std::byte> build_id_of(const std::string& path);

}  // namespace pcapml
