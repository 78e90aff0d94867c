// SPDX-License-Identifier: Apache-2.0
#include "net/flow_tracker.h"

#include <algorithm>

#include "net/ip_protocol.h"
#include "net/tcp_flags.h"

namespace pcapml {

FlowTracker::Packet FlowTracker::add(const Headers& headers, std::int64_t timestamp_ns, bool has_time) {
  const bool from_source = headers.flow.is_canonical();
  auto [state, added] = table_.find_or_add(from_source ? headers.flow : headers.flow.reversed());
  const bool idle = has_time && timestamp_ns - state.last_ns > timeouts_.idle_ns;
  const bool opens = (headers.tcp_flags & (kTcpSyn | kTcpAck | kTcpRst)) == kTcpSyn;
  const bool is_new = added || idle || (timeouts_.new_flow_at_syn && opens && state.is_closed());
  Packet packet;
  packet.is_new = is_new;
  if (is_new) {
    const bool goes_on = !added && !opens && !state.is_closed() && headers.flow.protocol == kProtocolTcp;
    if (goes_on) packet.continues = state.flow;
    packet.initiator_is_the_same = state.initiator_is_source == from_source;
    state = {};
    state.last_ns = timestamp_ns;
    state.flow = next_flow_++;
    state.initiator_is_source = from_source;
  }
  if (has_time) state.last_ns = std::max(state.last_ns, timestamp_ns);
  if ((headers.tcp_flags & kTcpFin) != 0)
    (from_source ? state.fin_of_source : state.fin_of_destination) = true;
  if ((headers.tcp_flags & kTcpRst) != 0) state.reset = true;
  packet.flow = state.flow;
  packet.from_initiator = from_source == state.initiator_is_source;
  return packet;
}

}  // namespace pcapml
