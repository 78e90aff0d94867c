// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <vector>

#include "dataset/packet_index.h"

namespace pcapml {

/// Reads the packets of an index again, in the order of the entries, in bounded memory: a window of packets at
/// a time is read in the order in which they lie in the inputs, while the window before it is used.
void gather(const std::vector<IndexEntry>& entries, const std::vector<std::unique_ptr<IndexedCapture>>& inputs,
            const std::function<void(const IndexEntry&, Bytes)>& use);

}  // namespace pcapml
