// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "bpf/events.h"

namespace pcapml {

/// An internet socket among a process's open files.
struct ScannedSocket {
  int descriptor;  ///< a copy of our own; closed after the call
  pcapml_owner owner;
  bool listens;
  pcapml_endpoint local;
  std::uint32_t netns;
};

struct ScanResult {
  std::size_t sockets = 0;
  std::size_t refused = 0;  ///< processes whose files this user may not look at
};

/// Calls `found` for each internet socket that a process has open, a socket once, under the lowest process
/// id. Processes and files that go away meanwhile are passed over: what they own, others see.
ScanResult scan_sockets(const std::function<void(const ScannedSocket&)>& found);

}  // namespace pcapml
