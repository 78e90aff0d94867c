// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <ctime>
#include <string>

#include "pcapml/capture.h"

namespace pcapml {

/// The name of file `number`, counted from 1, that begins at `now`: `path` itself where nothing rotates, its
/// strftime(3) form where it has any and file_seconds asks for it, or else x_00001.pcapng.
std::string file_name(const FilePlan& plan, std::size_t number, std::time_t now);

/// x_00001.pcapng of x.pcapng.
std::string numbered(const std::string& path, std::size_t number);

}  // namespace pcapml
