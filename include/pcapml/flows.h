// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace pcapml {

/// When packets of the same 5-tuple are another flow.
struct FlowTimeouts {
  std::int64_t idle_ns = 60'000'000'000;  ///< after so long without a packet
  bool new_flow_at_syn = true;            ///< at a SYN after a reset, or after a FIN of both ends
};

/// How flows are told apart, and how much may be remembered.
struct FlowOptions {
  FlowTimeouts timeouts;
  std::size_t max_flows = 1'000'000;                      ///< at a time; the longest unused goes first
  std::size_t max_fragment_bytes = std::size_t{4} << 20;  ///< of IP fragments whose packet is not complete
};

}  // namespace pcapml
