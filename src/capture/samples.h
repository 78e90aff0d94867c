// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>

#include "capture/attribution.h"

namespace pcapml {

/// One sample of a live capture: a connected socket, or an unconnected one with one remote end.
struct Sample {
  std::optional<std::uint64_t> id;    ///< given at its first packet written
  std::optional<std::uint32_t> flow;  ///< number for names; none where the remote end opened it
  std::int64_t last_ns = 0;           ///< time since the epoch of its last packet
  std::int64_t offset_ns = 0;         ///< boot time to time since the epoch, as it was at its first packet
  std::uint64_t bytes_shown = 0;      ///< to the resolver of names
  std::string domain;                 ///< name of the remote end, once it was known
  std::uint32_t domain_changes = 0;
};

/// Finds samples, and numbers them in order of appearance in the file. Those of connected sockets stay until
/// forget(); of all others, those that were not asked for longest go.
class Samples {
 public:
  static constexpr std::size_t kMostUnconnected = std::size_t{1} << 19;

  /// The packet's sample, and whether it is new. Lives until the next call.
  std::pair<Sample&, bool> find(const AttributedPacket& packet) {
    const Key key{packet.sample_cookie, packet.sample_remote};
    const auto [it, added] = samples_.try_emplace(key);
    if (key.remote) keep(it->first, it->second, added);
    return {it->second.sample, added};
  }
  /// The connected socket that this cookie names has no further packets.
  void forget(std::uint64_t cookie) { samples_.erase({cookie, {}}); }

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
  std::size_t size() const { return samples_.size(); }
  /// Unconnected samples that went for lack of room; their next packet begins another one.
  std::uint64_t forgotten() const { return forgotten_; }

 private:
  struct Key {
    std::uint64_t cookie;
    Endpoint remote;
    bool operator==(const Key&) const = default;
  };
  struct Hash {
    std::size_t operator()(const Key& key) const noexcept { return EndpointHash{}(key.remote, key.cookie); }
  };
  struct Kept {
    Sample sample;
    std::list<Key>::iterator place;  // of an unconnected one
  };

  void keep(const Key& key, Kept& kept, bool is_new) {
    if (!is_new) {
      order_.splice(order_.end(), order_, kept.place);
      return;
    }
    kept.place = order_.insert(order_.end(), key);
    if (order_.size() <= kMostUnconnected) return;
    samples_.erase(order_.front());
    order_.pop_front();
    ++forgotten_;
  }

  std::unordered_map<Key, Kept, Hash> samples_;
  std::list<Key> order_;  // of the unconnected, the one used last at the end
  std::uint64_t next_id_ = 0;
  std::uint32_t next_flow_ = 0;
  std::uint64_t forgotten_ = 0;
};

}  // namespace pcapml
