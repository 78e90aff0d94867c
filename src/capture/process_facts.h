// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "format/process_block.h"

namespace pcapml {

/// Adds to `info`, whose pid is set, what only /proc and the executable tell, where the process that began at
/// `start_ns` (boot time) is there and still runs the file of this inode (0: any); of one that is gone, what
/// the executable at info.path tells. False where it is gone.
bool complete(ProcessInfo& info, std::uint64_t start_ns, std::uint64_t inode);

/// Start of a process in nanoseconds of boot time, to the kernel's clock tick; 0 where it is gone.
std::uint64_t start_of(std::uint32_t pid);
/// Whether this is the id of a process that runs, and not of a thread or a zombie.
bool is_process(std::uint32_t pid);
/// Its real user; nullopt where it is gone.
std::optional<std::uint32_t> user_of(std::uint32_t pid);
/// Whether process ids here are those of the kernel's first namespace, which its programs tell.
bool sees_kernels_process_ids();
/// /proc rounds down what the kernel's programs tell exactly.
bool is_same_start(std::uint64_t a, std::uint64_t b);

}  // namespace pcapml
