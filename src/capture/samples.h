// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <unordered_map>

#include "capture/attribution.h"
#include "net/mix.h"

namespace pcapml {

/// One sample of a live capture: a connected socket, or an unconnected one with one remote end.
struct Sample {
  std::optional<std::uint64_t> id;    ///< given at its first packet written
  std::optional<std::uint32_t> flow;  ///< number for names; none where the remote end opened it
  std::int64_t last_ns = 0;           ///< time since the epoch of its last packet
  std::int64_t offset_ns = 0;         ///< boot time to time since the epoch, as it was at its first packet
  std::uint64_t bytes_shown = 0;      ///< to the resolver of names
};

/// Finds samples, and numbers them in order of appearance in the file.
class Samples {
 public:
  /// The packet's sample, and whether it is new.
  std::pair<Sample&, bool> find(const AttributedPacket& packet) {
    const auto [it, added] = samples_.try_emplace({packet.sample_cookie, packet.sample_remote});
    return {it->second, added};
  }
  std::uint64_t number(Sample& sample) {
    if (!sample.id) sample.id = next_id_++;
    return *sample.id;
  }
  /// Time since the epoch of a packet; within a sample it never runs backwards.
  static std::int64_t time(Sample& sample, std::uint64_t boot_ns) {
    sample.last_ns = std::max(sample.last_ns, static_cast<std::int64_t>(boot_ns) + sample.offset_ns);
    return sample.last_ns;
  }
  std::uint32_t next_flow() { return next_flow_++; }

 private:
  struct Key {
    std::uint64_t cookie;
    Endpoint remote;
    bool operator==(const Key&) const = default;
  };
  struct Hash {
    std::size_t operator()(const Key& key) const noexcept {
      return mix(FlowKeyHash{}({key.remote.address, {}, key.remote.port, 0, 0}),
                 key.cookie ^ 0xc31a6e0d94b7f52b);
    }
  };

  std::unordered_map<Key, Sample, Hash> samples_;
  std::uint64_t next_id_ = 0;
  std::uint32_t next_flow_ = 0;
};

}  // namespace pcapml
