// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "net/flow_tracker.h"
#include "net/fragments.h"
#include "pcapml/headers.h"

namespace pcapml {

/// One IP packet. Borrows the frame and the finder, until its next call.
struct InnerPacket {
  Headers headers;  ///< of the innermost packet, within `bytes`
  Bytes bytes;      ///< the frame; or a plain IP packet, put together, with the last of its fragments
  bool is_tunneled = false;
  bool is_partial =
      false;  ///< a fragment whose packet is not complete: `headers` has no transport to rely on
};

/// One IP packet and its flow.
struct FlowPacket : InnerPacket {
  FlowTracker::Packet flow;
};

/// Finds the innermost IP packet of each frame, and for fragments the 5-tuple of their packet. Not
/// thread-safe.
class InnerPacketFinder {
 public:
  explicit InnerPacketFinder(std::size_t max_fragment_bytes) : fragments_(max_fragment_bytes) {}

  /// nullopt where the frame is not IP.
  std::optional<InnerPacket> find(std::uint16_t link_type, Bytes frame);

  const Fragments& fragments() const { return fragments_; }

 private:
  Fragments fragments_;
};

/// Says of each packet which flow it belongs to: link layer, tunnels, fragments, timeouts. Deterministic: the
/// same packets give the same numbers. Not thread-safe.
class FlowFinder {
 public:
  explicit FlowFinder(const FlowOptions& options)
      : packets_(options.max_fragment_bytes), tracker_(options.timeouts, options.max_flows) {}

  /// nullopt where the packet is not IP.
  std::optional<FlowPacket> find(std::uint16_t link_type, Bytes frame, std::int64_t timestamp_ns,
                                 bool has_time);

  const FlowTracker& tracker() const { return tracker_; }
  const Fragments& fragments() const { return packets_.fragments(); }

 private:
  InnerPacketFinder packets_;
  FlowTracker tracker_;
};

}  // namespace pcapml
