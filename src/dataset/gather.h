// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "dataset/packet_index.h"

namespace pcapml {

/// Memory of gather(), whatever the size of the inputs; one packet always fits.
inline constexpr std::size_t kGatherBytes = std::size_t{256} << 20;

/// Reads the packets of an index again, in the order of the entries. A window of them at a time is read in
/// the order in which they lie in the inputs, by several threads (0: one for each processor, four at most).
/// `use` is called from the caller's thread; its bytes are valid during the call.
void gather(std::span<const IndexEntry> entries, const std::vector<std::unique_ptr<IndexedCapture>>& inputs,
            const std::function<void(const IndexEntry&, Bytes)>& use, std::size_t memory_bytes = kGatherBytes,
            unsigned threads = 0);

}  // namespace pcapml
