// SPDX-License-Identifier: Apache-2.0
#include "hello_mask.h"

#include <algorithm>
#include <cstring>

#include "net/ip_protocol.h"
#include "pcapml/cursor.h"

namespace pcapml::python {
namespace {

// A ClientHello is at most 128 KiB long; what claims to need more is none, or made to cost time.
constexpr std::size_t kLongestHello = std::size_t{160} << 10;
constexpr std::size_t kMostParts = 256, kMostOthers = 16;
constexpr int kMostAttempts = 16;

std::int64_t distance(std::uint32_t from, std::uint32_t to) { return static_cast<std::int32_t>(to - from); }

/// The next place from `at` on where a TLS handshake record may begin; the size where there is none.
std::size_t next_candidate(Bytes payload, std::size_t at) {
  for (; at < payload.size(); ++at) {
    const Bytes rest = payload.subspan(at);
    const void* hit = std::memchr(rest.data(), 22, rest.size());
    if (hit == nullptr) return payload.size();
    at += static_cast<std::size_t>(static_cast<const std::byte*>(hit) - rest.data());
    if (at + 1 == payload.size() || payload[at + 1] == std::byte{3}) return at;
  }
  return payload.size();
}

}  // namespace

void HelloMask::add(const Headers& headers, Bytes packet, std::size_t row) {
  const Bytes ip = packet.first(headers.network_offset + headers.ip_captured);
  const Bytes payload = ip.subspan(headers.payload_offset);
  if (payload.empty() || !headers.has_transport) return;
  if (headers.flow.protocol == kProtocolTcp) {
    Cursor tcp(ip.subspan(headers.transport_offset));
    tcp.skip(4);
    add_segment(directions_[headers.flow], {tcp.be32(), payload, row});
  } else if (headers.flow.protocol == kProtocolUdp) {
    if (const auto fields = find_datagram_hello_fields(payload, parts_))
      for (const Span span : fields->spans) found_(row, span.offset, span.size);
  }
}

void HelloMask::add_segment(Direction& direction, const Segment& segment) {
  if (direction.has_begun && join(direction, segment)) return;
  if (begin(direction, segment)) return;
  direction.others.push_back(segment);
  if (direction.others.size() > kMostOthers) direction.others.pop_front();
}

/// False where the segment has nothing of the hello in hand, which may have ended by it.
bool HelloMask::join(Direction& direction, const Segment& segment) {
  const std::int64_t offset = distance(direction.start, segment.sequence);
  const auto held = static_cast<std::int64_t>(direction.hello.size());
  if (offset >= held + (direction.fields.complete ? 0 : 1)) return false;
  if (offset + static_cast<std::int64_t>(segment.payload.size()) <= 0) return false;
  if (direction.fields.complete) {
    report(direction, segment);
    return true;
  }
  if (!extend(direction, segment)) return false;
  join_others(direction);
  return true;
}

bool HelloMask::extend(Direction& direction, const Segment& segment) {
  const std::int64_t offset = distance(direction.start, segment.sequence);
  const std::int64_t known = static_cast<std::int64_t>(direction.hello.size()) - offset;
  if (known < static_cast<std::int64_t>(segment.payload.size()))
    direction.hello += as_text(segment.payload.subspan(static_cast<std::size_t>(known)));
  direction.parts.push_back(segment);
  auto fields = find_hello_fields(as_bytes(direction.hello), parts_);
  if (!fields || direction.hello.size() > kLongestHello || direction.parts.size() > kMostParts) {
    direction = {};
    return false;
  }
  direction.fields = *std::move(fields);
  for (const Segment& part : direction.parts) report(direction, part);
  if (direction.fields.complete) direction.parts.clear();
  return true;
}

/// Segments that came before those in front of them.
void HelloMask::join_others(Direction& direction) {
  for (bool again = true; again && direction.has_begun && !direction.fields.complete;) {
    again = false;
    for (auto it = direction.others.begin(); it != direction.others.end(); ++it) {
      const std::int64_t offset = distance(direction.start, it->sequence);
      const auto held = static_cast<std::int64_t>(direction.hello.size());
      if (offset < 0 || offset > held || offset + static_cast<std::int64_t>(it->payload.size()) <= held)
        continue;
      const Segment segment = *it;
      direction.others.erase(it);
      again = extend(direction, segment);
      break;
    }
  }
}

bool HelloMask::begin(Direction& direction, const Segment& segment) {
  int attempts = 0;
  for (std::size_t at = next_candidate(segment.payload, 0); at < segment.payload.size();
       at = next_candidate(segment.payload, at + 1)) {
    if (++attempts > kMostAttempts) return false;
    const Bytes stream = segment.payload.subspan(at);
    auto fields = find_hello_fields(stream, parts_);
    if (!fields) continue;
    direction.hello = as_text(stream);
    direction.start = segment.sequence + static_cast<std::uint32_t>(at);
    direction.has_begun = true;
    direction.fields = *std::move(fields);
    direction.parts.clear();
    report(direction, segment);
    if (direction.fields.complete) return true;
    direction.parts.push_back(segment);
    join_others(direction);
    return true;
  }
  return false;
}

void HelloMask::report(const Direction& direction, const Segment& segment) const {
  const std::int64_t from = distance(direction.start, segment.sequence);
  const std::int64_t to = from + static_cast<std::int64_t>(segment.payload.size());
  for (const Span span : direction.fields.spans) {
    const std::int64_t begin = std::max(from, static_cast<std::int64_t>(span.offset));
    const std::int64_t end = std::min(to, static_cast<std::int64_t>(span.offset + span.size));
    if (begin < end)
      found_(segment.row, static_cast<std::size_t>(begin - from), static_cast<std::size_t>(end - begin));
  }
}

}  // namespace pcapml::python
