// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bpf/events.h"
#include "capture/live_file.h"
#include "format/pcapng_writer.h"
#include "format/process_block.h"
#include "format/synthetic_ethernet.h"

namespace pcapml {

/// Writes what a live capture saw as one pcapng section for each file.
class LiveWriter {
 public:
  LiveWriter(LiveFile& file, std::uint32_t snap_length, bool ethernet);

  /// Begins a file.
  void section(const std::string& command_line);
  /// An interface's name, before its first packet.
  void name_interface(const pcapml_interface_event& event);
  void process(const ProcessInfo& info);

  struct Packet {
    std::uint32_t netns, interface;
    std::int64_t timestamp_ns;
    std::uint32_t original_length;
    Bytes data;  ///< from the IP header on
    std::uint8_t direction;
    std::uint32_t pid, tid;     ///< pid 0: not known
    std::uint64_t lost_before;  ///< since the packet written before
    std::string_view comment;
  };
  void packet(const Packet& packet);
  /// One Interface Statistics Block; `lost` counts packets.
  void statistics(std::uint32_t netns, std::uint32_t interface, std::int64_t start_ns, std::int64_t end_ns,
                  std::uint64_t lost);

  /// Interfaces that packets used, as (network namespace, index).
  std::vector<std::pair<std::uint32_t, std::uint32_t>> interfaces() const;

 private:
  struct Used {
    std::uint32_t id = 0;
    std::uint64_t packets = 0;
  };
  using Key = std::pair<std::uint32_t, std::uint32_t>;

  struct Options {
    std::uint32_t pid = 0, tid = 0;
    std::uint64_t lost_before = 0;
    std::vector<std::byte> encoded;
  };

  Used& used(const Key& key);
  Bytes options_of(const Packet& packet);

  LiveFile& file_;
  PcapngWriter writer_;
  Interface shape_;
  bool ethernet_;
  SyntheticEthernet synthetic_;
  std::map<Key, std::string> names_;
  std::map<Key, Used> used_;
  std::array<Options, 2> last_options_;  // by direction
};

}  // namespace pcapml
