// SPDX-License-Identifier: Apache-2.0
#include "capture/attribution.h"

#include <algorithm>
#include <utility>

#include "net/tcp_flags.h"
#include "pcapml/cursor.h"

namespace pcapml {
namespace {

constexpr std::int64_t kStillUsed =
    5'000'000'000;  // ns after its end a socket sends no more, unless it began anew
constexpr std::int64_t kIdle = 600'000'000'000;           // ns
constexpr std::int64_t kHandshakeKept = 120'000'000'000;  // SYNs are repeated for about two minutes

std::int64_t time_of(const pcapml_packet& packet) { return static_cast<std::int64_t>(packet.time_ns); }

bool is_confirmed(const pcapml_packet& packet) {
  return packet.owner.pid == 0 || packet.owner.confirmed_cookie == packet.cookie ||
         (packet.socket_flags & PCAPML_SOCKET_SENT_BY_CURRENT) != 0;
}

Endpoint remote_in(const pcapml_packet& packet, const std::optional<Headers>& headers) {
  if (!headers) return {};
  const FlowKey& flow = headers->flow;
  return packet.direction == PCAPML_EGRESS ? Endpoint{flow.destination, flow.destination_port}
                                           : Endpoint{flow.source, flow.source_port};
}

/// The sequence number of the SYN that opens a connection, as it or the answer to it says; or nullopt.
std::optional<std::uint32_t> opening(const pcapml_packet& packet, const std::optional<Headers>& headers,
                                     Bytes bytes) {
  if (!headers) return std::nullopt;
  const unsigned flags = headers->tcp_flags & (kTcpSyn | kTcpAck);
  Cursor at(bytes);
  at.skip(headers->transport_offset + 4);
  const std::uint32_t sequence = at.be32(), acknowledged = at.be32();
  if (packet.direction == PCAPML_INGRESS && flags == kTcpSyn) return sequence;
  if (packet.direction == PCAPML_EGRESS && flags == (kTcpSyn | kTcpAck)) return acknowledged - 1;
  return std::nullopt;
}

}  // namespace

void Attribution::add(const pcapml_packet& packet, Bytes bytes) {
  expire(time_of(packet));  // what is read late waited no longer for that
  if ((packet.socket_flags & PCAPML_SOCKET_LISTENS) != 0) {
    add_to_listener(packet, bytes);
    return;
  }
  Socket& socket = socket_of(packet.cookie, packet.owner, endpoint_of(packet.remote));
  socket.last_ns = time_of(packet);
  if (is_confirmed(packet)) {
    if (packet.owner.pid != 0) confirm(socket, packet.owner);
  } else if (!socket.gave_up) {
    hold(socket.hold, {0, packet.cookie, {}}, packet, bytes);
    return;
  }
  let_go(socket.hold, nullptr, socket.sample);
  release(packet, bytes, socket.sample, false);
}

void Attribution::add_to_listener(const pcapml_packet& packet, Bytes bytes) {
  const auto headers = parse_headers(kLinkRaw, bytes);
  const HandshakeKey key{packet.cookie, remote_in(packet, headers)};
  const auto syn = opening(packet, headers, bytes);
  if (handshakes_.size() >= kMostHandshakes) forget_handshakes();
  auto [it, added] = handshakes_.try_emplace(key);
  Handshake& handshake = it->second;
  // A SYN may be lost to us, and only its answer be seen.
  const bool is_syn = packet.direction == PCAPML_INGRESS;
  if (!added && syn && ((is_syn && handshake.connection != 0) || handshake.sequence != *syn)) {
    let_go(handshake.hold, nullptr, handshake.sample);
    handshake = {};
    added = true;
  }
  if (added) handshake.sample = next_handshake_++;
  if (syn) handshake.sequence = *syn;
  handshake.last_ns = time_of(packet);
  const auto connection = sockets_.find(handshake.connection);
  if (handshake.connection != 0 && connection == sockets_.end()) {
    // Its socket was forgotten; what else comes is of no connection.
    handshake = {};
    handshake.sample = next_handshake_++;
    handshake.last_ns = time_of(packet);
  }
  if (handshake.connection != 0) {
    // A repeated SYN, or the last ACK of a handshake whose connection was accepted already.
    Socket& socket = connection->second;
    if (handshake.owner.pid != 0 || socket.gave_up) {
      pcapml_packet settled = packet;
      if (handshake.owner.pid != 0) settled.owner = handshake.owner;
      release(settled, bytes, handshake.sample, false);
    } else {
      hold(socket.hold, {0, handshake.connection, {}}, packet, bytes);
    }
  } else if (packet.owner.pid == 0 || handshake.gave_up) {
    release(packet, bytes, handshake.sample, false);
  } else {
    hold(handshake.hold, {0, 0, key}, packet, bytes);
  }
}

Attribution::Socket& Attribution::socket_of(std::uint64_t cookie, const pcapml_owner& owner,
                                            const Endpoint& remote) {
  const auto [it, added] = sockets_.try_emplace(cookie);
  Socket& socket = it->second;
  if (!added) return socket;
  socket.sample = cookie;
  if (!is_accepted(owner, cookie)) return socket;
  const auto handshake = handshakes_.find({owner.cookie, remote});
  if (handshake == handshakes_.end() || handshake->second.connection != 0) return socket;
  socket.handshake = handshake->first;
  socket.sample = handshake->second.sample;
  socket.hold = std::move(handshake->second.hold);
  handshake->second.hold = {};
  handshake->second.connection = cookie;
  if (!socket.hold.packets.empty()) deadlines_.push({socket.hold.deadline_ns, cookie, {}});
  return socket;
}

void Attribution::add(const pcapml_owner_event& event) {
  expire(static_cast<std::int64_t>(event.time_ns));
  if (!sockets_.contains(event.cookie) && !is_accepted(event.owner, event.cookie)) return;
  Socket& socket = socket_of(event.cookie, event.owner, endpoint_of(event.remote));
  if (event.owner.confirmed_cookie == event.cookie) {
    confirm(socket, event.owner);
  } else {
    socket.silent = event.owner;
  }
}

void Attribution::add(const pcapml_closed_event& event) {
  if (sockets_.contains(event.cookie))
    closed_.push_back({static_cast<std::int64_t>(event.time_ns), event.cookie});
}

/// The owner's first sign of life settles what waited, and the handshake's packets to come.
void Attribution::confirm(Socket& socket, const pcapml_owner& owner) {
  if (socket.handshake) {
    const auto handshake = handshakes_.find(*socket.handshake);
    if (handshake != handshakes_.end() && handshake->second.owner.pid == 0) handshake->second.owner = owner;
  }
  let_go(socket.hold, &owner, socket.sample);
}

void Attribution::hold(Hold& hold, const Deadline& whose, const pcapml_packet& packet, Bytes bytes) {
  if (hold.packets.empty()) {
    hold.deadline_ns = time_of(packet) + kHold;
    deadlines_.push({hold.deadline_ns, whose.cookie, whose.handshake});
  }
  hold.packets.push_back({packet, {bytes.begin(), bytes.end()}});
  held_bytes_ += bytes.size();
  ++holding_;
  if (held_bytes_ > kMostHeldBytes) {
    cut_short_ += holding_;
    finish();
  }
}

void Attribution::let_go(Hold& hold, const pcapml_owner* owner, std::uint64_t sample, bool is_silent) {
  std::vector<Held> packets = std::exchange(hold, {}).packets;
  for (Held& held : packets) {
    held_bytes_ -= held.bytes.size();
    --holding_;
    const bool is_handshake = (held.packet.socket_flags & PCAPML_SOCKET_LISTENS) != 0;
    if (owner != nullptr && !(is_silent && is_handshake)) {
      const pcapml_endpoint remote = held.packet.owner.remote;
      const std::uint32_t remote_tid = held.packet.owner.remote_tid;
      held.packet.owner = *owner;
      held.packet.owner.remote = remote;
      held.packet.owner.remote_tid = remote_tid;
    }
    release(held.packet, held.bytes, sample, true);
  }
}

void Attribution::release(const pcapml_packet& packet, Bytes bytes, std::uint64_t sample, bool was_held) {
  const Bytes first =
      packet.piece == 0 ? bytes : bytes.first(std::min<std::size_t>(bytes.size(), packet.piece));
  const auto headers = parse_headers(kLinkRaw, first);
  Endpoint remote = endpoint_of(packet.remote);
  Endpoint sample_remote;
  if ((packet.socket_flags & PCAPML_SOCKET_CONNECTED) == 0) {
    remote = remote_in(packet, headers);
    const bool is_named = (packet.socket_flags & PCAPML_SOCKET_SENT_BY_CURRENT) != 0 &&
                          packet.owner.remote.family != 0 && packet.owner.remote_tid == packet.owner.tid;
    if (is_named) remote = endpoint_of(packet.owner.remote);
    if ((packet.socket_flags & PCAPML_SOCKET_LISTENS) == 0) sample_remote = remote;
  }
  release_({packet, bytes, headers, sample, sample_remote, remote, was_held});
}

void Attribution::expire(std::int64_t now_ns) {
  while (!deadlines_.empty() && deadlines_.top().time_ns <= now_ns) {
    const Deadline due = deadlines_.top();
    deadlines_.pop();
    end(due);
  }
  if (now_ns - last_sweep_ns_ > 1'000'000'000) forget(now_ns);
}

/// The packets may have gone already, and others wait in their place.
void Attribution::end(const Deadline& due) {
  const auto is_due = [&](const Hold& hold) {
    return !hold.packets.empty() && hold.deadline_ns <= due.time_ns;
  };
  if (due.cookie != 0) {
    const auto it = sockets_.find(due.cookie);
    if (it == sockets_.end() || !is_due(it->second.hold)) return;
    Socket& socket = it->second;
    socket.gave_up = true;
    let_go(socket.hold, socket.silent.pid != 0 ? &socket.silent : nullptr, socket.sample, true);
  } else {
    const auto it = handshakes_.find(due.handshake);
    if (it == handshakes_.end() || !is_due(it->second.hold)) return;
    it->second.gave_up = true;
    let_go(it->second.hold, nullptr, it->second.sample);
  }
}

void Attribution::forget(std::int64_t now_ns) {
  last_sweep_ns_ = now_ns;
  std::erase_if(handshakes_, [&](const auto& entry) {
    const Handshake& handshake = entry.second;
    if (!handshake.hold.packets.empty() || now_ns - handshake.last_ns <= kHandshakeKept) return false;
    if (handshake.connection == 0) ended_(handshake.sample);
    return true;
  });
  for (; !closed_.empty() && now_ns - closed_.front().time_ns > kKeptClosed; closed_.pop_front()) {
    const auto it = sockets_.find(closed_.front().cookie);
    if (it == sockets_.end() || it->second.last_ns > closed_.front().time_ns + kStillUsed) continue;
    ended_(it->second.sample);
    sockets_.erase(it);
  }
  if (sockets_.size() > kMostSockets) forget_sockets(now_ns);
}

/// Where news of their ends was lost.
void Attribution::forget_sockets(std::int64_t now_ns) {
  for (std::int64_t idle = kIdle; sockets_.size() > kMostSockets && idle > kHold; idle /= 2)
    forgotten_ += std::erase_if(sockets_, [&](const auto& entry) {
      const Socket& socket = entry.second;
      if (!socket.hold.packets.empty() || now_ns - socket.last_ns <= idle) return false;
      ended_(socket.sample);
      return true;
    });
}

/// Under a flood of SYNs: all that wait go as they are.
void Attribution::forget_handshakes() {
  for (auto& [key, handshake] : handshakes_) {
    cut_short_ += handshake.hold.packets.size();
    let_go(handshake.hold, nullptr, handshake.sample);
    if (handshake.connection == 0) ended_(handshake.sample);
  }
  handshakes_.clear();
}

void Attribution::finish() {
  for (auto& [key, handshake] : handshakes_) let_go(handshake.hold, nullptr, handshake.sample);
  for (auto& [cookie, socket] : sockets_)
    let_go(socket.hold, socket.silent.pid != 0 ? &socket.silent : nullptr, socket.sample, true);
}

}  // namespace pcapml
