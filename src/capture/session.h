// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>

#include "capture/attribution.h"
#include "capture/label_counts.h"
#include "capture/live_names.h"
#include "capture/live_writer.h"
#include "capture/losses.h"
#include "capture/output_files.h"
#include "capture/packet_copies.h"
#include "capture/packet_filter.h"
#include "capture/process_table.h"
#include "capture/samples.h"
#include "capture/wall_clock.h"
#include "net/offload.h"
#include "pcapml/capture.h"

namespace pcapml {

/// What a session needs of the world; others do it for a process that may not.
struct CaptureServices {
  ProcessTable::Complete complete = pcapml::complete;
  std::function<Losses()> losses = [] { return Losses{}; };  ///< so far
  std::unique_ptr<FilterProgram> filter = nullptr;           ///< what is not matched is not written
  std::function<OutputFiles::File()> next_file;              ///< needed where the request rotates
};

/// What becomes of the kernel's events: owner, label, packets of the wire, blocks, files. Knows no kernel.
/// Borrows all that it is given. Not thread-safe.
class CaptureSession {
 public:
  CaptureSession(const CaptureRequest& request, LiveFile& file, WallClock& clock,
                 CaptureServices services = {});

  void begin();
  void packet(const pcapml_packet& packet, Bytes bytes);
  void owner(const pcapml_owner_event& event) { attribution_.add(event); }
  /// An owner that was there before; it may be gone when its first packet comes.
  void owner(const pcapml_owner& owner);
  void process(const pcapml_process_event& event) { processes_.learn(event, clock_.offset_ns()); }
  void interface(const pcapml_interface_event& event) { writer_.name_interface(event); }
  void closed(const pcapml_closed_event& event) { attribution_.add(event); }

  /// Lets go what waited long enough; `now_ns` is a boot time until which all events came.
  void expire(std::int64_t now_ns) { attribution_.expire(now_ns); }
  /// Looks at the clock, writes, and begins a new file where it is time for one.
  void tick();
  bool is_full() const;

  /// How far it is.
  CaptureProgress progress() const;
  CaptureResult counters() const;
  CaptureResult finish();

  /// What it remembers, for tests of its bounds.
  std::size_t remembered() const { return attribution_.sockets() + samples_.size(); }

 private:
  /// All that a packet's comment is made of.
  struct CommentKey {
    std::uint64_t sample = ~std::uint64_t{0};
    std::uint64_t start_ns = 0;
    std::int64_t program_ns = 0;
    std::uint32_t pid = 0;
    std::uint32_t domain_changes = 0;
    std::array<char, PCAPML_NAME_LENGTH> name{};
    const char* via = nullptr;
    std::uint8_t direction = 0;
    bool is_kernel = false;
    bool operator==(const CommentKey&) const = default;
  };
  struct Comment {
    CommentKey key;
    std::string text;
    LabelCounts::Count* count = nullptr;
  };

  void release(const AttributedPacket& attributed);
  Process* process_of(const pcapml_packet& packet);
  std::string label(const pcapml_packet& packet, const Process* process) const;
  bool is_allowed(const pcapml_packet& packet, const Process* process) const;
  void show_to_names(const AttributedPacket& attributed, const Headers& headers, Sample& sample, bool is_new);
  void update_domain(Sample& sample) const;
  void write(const AttributedPacket& attributed, Process* process, Sample& sample, bool is_translated);
  const Comment& comment(const AttributedPacket& attributed, const Process* process, Sample& sample);
  void write_process(Process& process);
  void write_statistics();
  void next_file();

  const CaptureRequest& request_;
  LiveFile& file_;
  WallClock& clock_;
  CaptureServices services_;
  LiveWriter writer_;
  Offload offload_;
  Attribution attribution_;
  ProcessTable processes_;
  Samples samples_;
  LiveNames names_;
  PacketCopies copies_;
  CaptureResult result_;
  LabelCounts labels_;
  std::vector<Comment> comments_;   // a cache
  std::int64_t file_start_ns_ = 0;  // since the epoch
  std::int64_t file_began_ns_ = 0;  // boot time
  std::uint64_t bytes_before_ = 0;  // in files before this one
  std::int64_t last_clock_check_ns_ = 0;
  Losses losses_told_;             // in files before this one
  std::uint64_t lost_seen_ = 0;    // packets
  std::uint64_t lost_untold_ = 0;  // of these, not yet in an epb_dropcount
};

}  // namespace pcapml
