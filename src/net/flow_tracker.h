// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "net/aging_table.h"
#include "pcapml/flows.h"
#include "pcapml/headers.h"

namespace pcapml {

/// Numbers bidirectional flows in order of appearance. Deterministic: the same packets give the same numbers.
/// Memory is bounded; not thread-safe.
class FlowTracker {
 public:
  FlowTracker(FlowTimeouts timeouts, std::size_t max_flows) : timeouts_(timeouts), table_(max_flows) {}

  struct Packet {
    std::uint32_t flow = 0;       ///< 0, 1, 2, ...
    bool is_new = false;          ///< the first packet of its flow
    bool from_initiator = false;  ///< sent by the end that sent the flow's first packet
    /// Of the first packet after an idle time that did not end the TCP connection: the flow before; its
    /// initiator need not be this one's.
    std::optional<std::uint32_t> continues = {};
    bool initiator_is_the_same = true;
  };

  /// `headers` are the innermost ones. `has_time` is false where the packet has no timestamp.
  Packet add(const Headers& headers, std::int64_t timestamp_ns, bool has_time);

  std::uint32_t flows() const { return next_flow_; }
  /// Flows that went because there were too many, the longest unused first; their next packet begins another.
  std::uint64_t forgotten() const { return table_.forgotten(); }

 private:
  struct State {
    std::int64_t last_ns = 0;
    std::uint32_t flow = 0;
    bool initiator_is_source = false;  // of the canonical key
    bool fin_of_source = false;
    bool fin_of_destination = false;
    bool reset = false;
    bool is_closed() const { return reset || (fin_of_source && fin_of_destination); }
  };

  FlowTimeouts timeouts_;
  AgingTable<FlowKey, State> table_;  // by canonical key
  std::uint32_t next_flow_ = 0;
};

}  // namespace pcapml
