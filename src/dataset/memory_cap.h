// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace pcapml {

/// The smallest `--memory`.
inline constexpr std::uint64_t kSmallestMemory = std::uint64_t{16} << 20;

/// What a request for memory comes to: 0 is a quarter of the machine's memory, or of what the control group
/// of this process may have, if that is less. Throws UsageError below kSmallestMemory.
std::uint64_t memory_cap(std::uint64_t requested_bytes);

}  // namespace pcapml
