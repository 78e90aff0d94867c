// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "capture/attribution.h"
#include "capture/live_names.h"
#include "capture/live_writer.h"
#include "capture/packet_copies.h"
#include "capture/process_table.h"
#include "capture/samples.h"
#include "capture/wall_clock.h"
#include "net/offload.h"
#include "pcapml/capture.h"

namespace pcapml {

/// What becomes of the kernel's events: owner, label, packets of the wire, blocks. Knows no kernel. Not
/// thread-safe.
class CaptureSession {
 public:
  CaptureSession(const CaptureRequest& request, LiveFile& file, WallClock& clock);

  void begin();
  void packet(const pcapml_packet& packet, Bytes bytes);
  void owner(const pcapml_owner_event& event) { attribution_.add(event); }
  /// An owner that was there before; it may be gone when its first packet comes.
  void owner(const pcapml_owner& owner);
  void process(const pcapml_process_event& event) { processes_.learn(event, clock_.offset_ns()); }
  void interface(const pcapml_interface_event& event) { writer_.name_interface(event); }

  /// Lets go what waited long enough; `now_ns` is a boot time until which all events came.
  void expire(std::int64_t now_ns) { attribution_.expire(now_ns); }
  /// Looks at the clock, and writes.
  void tick();
  bool is_full() const { return request_.count != 0 && result_.written >= request_.count; }

  using Losses = std::map<std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>, std::uint64_t>;
  CaptureResult finish(const Losses& losses);

 private:
  struct Naming {
    std::string label;
    std::string executable;
    Process* process = nullptr;
  };

  void release(const AttributedPacket& attributed);
  Naming name(const AttributedPacket& attributed);
  bool is_allowed(const pcapml_packet& packet, const Process* process) const;
  void show_to_names(const AttributedPacket& attributed, const Headers& headers, Sample& sample, bool is_new);
  void write(const AttributedPacket& attributed, const Naming& naming, Sample& sample, bool is_translated);
  void write_comment(const AttributedPacket& attributed, const std::string& label, Sample& sample);

  const CaptureRequest& request_;
  LiveFile& file_;
  WallClock& clock_;
  LiveWriter writer_;
  Offload offload_;
  Attribution attribution_;
  ProcessTable processes_;
  Samples samples_;
  LiveNames names_;
  PacketCopies copies_;
  CaptureResult result_;
  std::map<std::pair<std::string, std::string>, std::uint64_t> labels_;  // by label and executable
  std::string comment_;
  std::int64_t start_ns_ = 0;
  std::int64_t last_clock_check_ns_ = 0;
  std::uint64_t lost_seen_ = 0;    // packets
  std::uint64_t lost_untold_ = 0;  // of these, not yet in an epb_dropcount
};

}  // namespace pcapml
