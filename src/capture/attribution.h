// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <queue>
#include <unordered_map>
#include <vector>

#include "bpf/events.h"
#include "capture/endpoint.h"
#include "pcapml/bytes.h"

namespace pcapml {

/// A packet whose owner is settled. Borrows.
struct AttributedPacket {
  const pcapml_packet& packet;  ///< `owner` in it is the final one
  Bytes bytes;
  std::optional<Headers> headers;  ///< of `bytes`
  std::uint64_t sample_cookie;     ///< names the sample; of a handshake, that of the connection it began
  Endpoint sample_remote;          ///< the same, where the socket has no remote end of its own
  Endpoint remote;                 ///< as the labelled process sees it, before any translation
  bool was_held = false;
};

/// Settles who owns each packet: packets of a socket that nobody was yet seen to use wait a little for the
/// process that will; a handshake, which the kernel does on the listening socket, belongs to the connection
/// that comes of it. Knows no kernel and no files; packets of one socket come out in the order in which they
/// went in. Not thread-safe.
class Attribution {
 public:
  static constexpr std::int64_t kHold = 200'000'000;                    ///< ns
  static constexpr std::size_t kMostHandshakes = 65536;                 ///< that are remembered
  static constexpr std::size_t kMostHeldBytes = std::size_t{64} << 20;  ///< of all sockets

  static constexpr std::int64_t kKeptClosed =
      60'000'000'000;  ///< ns that a closed socket may still be heard of
  static constexpr std::size_t kMostSockets = std::size_t{2} << 20;

  using Release = std::function<void(const AttributedPacket&)>;
  /// No packet will come any more of the sample that is named by this cookie.
  using Ended = std::function<void(std::uint64_t sample_cookie)>;
  explicit Attribution(
      Release release, Ended ended = [](std::uint64_t) {})
      : release_(std::move(release)), ended_(std::move(ended)) {}

  void add(const pcapml_packet& packet, Bytes bytes);
  void add(const pcapml_owner_event& event);
  void add(const pcapml_closed_event& event);
  /// Lets go what waited long enough. `now_ns` is boot time; all events until then have to be added.
  void expire(std::int64_t now_ns);
  /// Lets go everything.
  void finish();

  std::uint64_t cut_short() const { return cut_short_; }
  /// Sockets that were idle for longest and had to be forgotten before they were closed.
  std::uint64_t forgotten() const { return forgotten_; }
  std::size_t sockets() const { return sockets_.size(); }

 private:
  struct Held {
    pcapml_packet packet;
    std::vector<std::byte> bytes;
  };
  struct Hold {
    std::vector<Held> packets;
    std::int64_t deadline_ns = 0;
  };
  /// A listening socket's packets with one remote end.
  struct Handshake {
    Hold hold;
    std::uint64_t sample = 0;      // cookie-like number of its own until the connection's socket is known
    std::uint64_t connection = 0;  // cookie
    std::uint32_t sequence = 0;    // of the SYN
    std::int64_t last_ns = 0;
    bool gave_up = false;
    pcapml_owner owner{};  // of the connection, once confirmed
  };
  struct HandshakeKey {
    std::uint64_t listener;
    Endpoint remote;
    bool operator==(const HandshakeKey&) const = default;
  };
  struct HandshakeHash {
    std::size_t operator()(const HandshakeKey& key) const noexcept {
      return EndpointHash{}(key.remote, key.listener);
    }
  };
  struct Socket {
    Hold hold;
    std::uint64_t sample = 0;
    std::optional<HandshakeKey> handshake;
    pcapml_owner silent{};  // accepted or read, and said nothing; owns what it was sent. pid 0: nobody did
    std::int64_t last_ns = 0;
    bool gave_up = false;
  };

  /// When a hold ends; a handshake's where `cookie` is 0.
  struct Deadline {
    std::int64_t time_ns;
    std::uint64_t cookie;
    HandshakeKey handshake;
    bool operator>(const Deadline& other) const { return time_ns > other.time_ns; }
  };

  void add_to_listener(const pcapml_packet& packet, Bytes bytes);
  Socket& socket_of(std::uint64_t cookie, const pcapml_owner& owner, const Endpoint& remote);
  void hold(Hold& hold, const Deadline& whose, const pcapml_packet& packet, Bytes bytes);
  void end(const Deadline& due);
  /// All to `owner`, or, of a silent one, the data; where there is none to the owner that each was seen with.
  void let_go(Hold& hold, const pcapml_owner* owner, std::uint64_t sample, bool is_silent = false);
  void release(const pcapml_packet& packet, Bytes bytes, std::uint64_t sample, bool was_held);
  void confirm(Socket& socket, const pcapml_owner& owner);
  void forget(std::int64_t now_ns);
  void forget_handshakes();
  void forget_sockets(std::int64_t now_ns);

  Release release_;
  Ended ended_;
  std::unordered_map<std::uint64_t, Socket> sockets_;
  std::unordered_map<HandshakeKey, Handshake, HandshakeHash> handshakes_;
  std::priority_queue<Deadline, std::vector<Deadline>, std::greater<>> deadlines_;
  struct Closed {
    std::int64_t time_ns;
    std::uint64_t cookie;
  };
  std::deque<Closed> closed_;
  std::uint64_t next_handshake_ = std::uint64_t{1} << 63;  // no cookie is so large
  std::size_t held_bytes_ = 0;
  std::uint64_t cut_short_ = 0;
  std::uint64_t forgotten_ = 0;
  std::int64_t last_sweep_ns_ = 0;
  std::size_t holding_ = 0;  // packets
};

}  // namespace pcapml
