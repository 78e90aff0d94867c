// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "pcapml/source.h"

namespace pcapml {

/// The same bytes, read (and decompressed) on a thread of their own ahead of where they are used. Costs CPU
/// time, for a copy; it is for work that has no other thread. Errors come after the bytes before them.
std::unique_ptr<Source> read_ahead(std::unique_ptr<Source> source);

}  // namespace pcapml
