// SPDX-License-Identifier: Apache-2.0
#include "net/hello_stream.h"

#include <algorithm>
#include <utility>

#include "net/hello_scan.h"
#include "net/segment_store.h"

namespace pcapml {
namespace {

constexpr std::int32_t kReach = 16 * 1024;      // a hello begins within
constexpr std::size_t kMostBytes = 16 * 1024;   // held
constexpr std::size_t kDoubt = 4 * 1024;        // held without a SYN, before the first segment counts as that
constexpr std::size_t kMostSegments = 1024;     // held
constexpr std::uint32_t kPatience = 64 * 1024;  // bytes out of reach until the stream has moved on for good
constexpr std::size_t kEagerBytes = 512 << 10;  // looked through; after these a look must be worth its cost

}  // namespace

struct HelloStream::Held {
  SegmentStore segments;
  std::size_t looked_through = 0;
  std::size_t next_look = 0;  ///< bytes that must be held before another look can bring anything
};

HelloStream::HelloStream() = default;
HelloStream::HelloStream(HelloStream&&) noexcept = default;
HelloStream& HelloStream::operator=(HelloStream&&) noexcept = default;
HelloStream::~HelloStream() = default;

void HelloStream::syn(std::uint32_t sequence) {
  if (state_ != HelloState::waiting || (has_syn_ && begin_ == sequence + 1)) return;
  if (has_syn_) held_.reset();  // another connection on the same ports
  begin_ = looked_at_ = sequence + 1;
  has_begin_ = has_syn_ = is_settled_ = true;
}

HelloState HelloStream::add(std::uint32_t sequence, Bytes payload) {
  if (state_ != HelloState::waiting || payload.empty()) return state_;
  if (!has_begin_) begin_ = sequence;
  has_begin_ = true;
  auto offset = static_cast<std::int32_t>(sequence - begin_);
  if (has_syn_ && offset < 0) {  // a keep-alive repeats the number before the first (RFC 9293, 3.8.4)
    const std::size_t before = 0 - static_cast<std::size_t>(offset);
    if (before >= payload.size()) return state_;
    payload = payload.subspan(before);
    sequence = begin_;
    offset = 0;
  }
  if (offset < -kReach || offset >= 2 * kReach || (!held_ && offset >= kReach)) {
    out_of_reach_ += static_cast<std::uint32_t>(std::min<std::size_t>(payload.size(), kPatience));
    return out_of_reach_ > kPatience ? finish() : state_;
  }
  if (!held_ && offset == 0 && is_server_hello(payload)) return conclude(HelloState::none);
  HelloScan scan = scan_for_hello(payload);
  if (scan.state == HelloState::found) return accept(std::move(scan));
  // Where the stream has been whole so far and nothing began, as in most streams, nothing is held.
  if (held_ || !is_settled_ || sequence != looked_at_) return hold(sequence, payload);
  if (scan.state == HelloState::waiting)
    return hold(sequence + static_cast<std::uint32_t>(scan.keep_from), payload.subspan(scan.keep_from));
  return move_on(sequence + static_cast<std::uint32_t>(payload.size()));
}

/// No hello begins before `sequence`.
HelloState HelloStream::move_on(std::uint32_t sequence) {
  held_.reset();
  if (!is_settled_ || static_cast<std::int32_t>(sequence - looked_at_) > 0) looked_at_ = sequence;
  is_settled_ = true;
  return static_cast<std::int32_t>(looked_at_ - begin_) < kReach ? state_ : conclude(HelloState::none);
}

HelloState HelloStream::hold(std::uint32_t sequence, Bytes payload) {
  if (!held_) held_ = std::make_unique<Held>();
  SegmentStore& segments = held_->segments;
  const std::size_t room = kMostBytes - segments.bytes();
  segments.add(sequence, payload.first(std::min(payload.size(), room)));
  if (segments.bytes() >= kMostBytes || segments.segments() > kMostSegments) return finish();
  return look(false);
}

HelloState HelloStream::look(bool last) {
  SegmentStore& segments = held_->segments;
  if (!last && segments.bytes() < held_->next_look && !segments.contradicts()) return state_;
  if (!last && held_->looked_through >= kEagerBytes && segments.bytes() < held_->next_look) return state_;

  HelloScan best;
  bool is_one_run = true;
  SegmentStore::Run run{};
  using enum SegmentStore::Preference;
  for (const auto preference : {longest, latest, earliest}) {
    const auto runs = segments.runs(preference);
    is_one_run = is_one_run && runs.size() == 1;
    for (const auto& piece : runs) {
      run = piece;
      HelloScan scan = scan_for_hello(piece.bytes);
      if (scan.state == HelloState::found) return accept(std::move(scan));
      if (scan.state != HelloState::waiting) continue;
      const std::size_t needed =
          best.state == HelloState::none ? scan.needed : std::min(best.needed, scan.needed);
      if (best.server_name.empty()) best = std::move(scan);
      best.needed = needed;
    }
    if (!segments.contradicts()) break;
  }
  has_begun_ = best.state == HelloState::waiting;
  if (last) return best.server_name.empty() ? conclude(HelloState::none) : accept(std::move(best));

  held_->next_look = best.needed;
  // Where segments contradict each other, there are three looks; each sorts, and copies piece by piece.
  held_->looked_through += (segments.contradicts() ? 3 : 1) * (segments.bytes() + 64 * segments.segments());
  if (held_->looked_through >= kEagerBytes)
    held_->next_look = std::max(best.needed, segments.bytes() + segments.bytes() / 16 + 1);
  const auto run_end = run.sequence + static_cast<std::uint32_t>(run.bytes.size());
  const bool follows =
      is_settled_ ? static_cast<std::int32_t>(run.sequence - looked_at_) <= 0 : run.bytes.size() >= kDoubt;
  const bool is_whole = is_one_run && follows;
  return best.state == HelloState::none && is_whole ? move_on(run_end) : state_;
}

HelloState HelloStream::finish() {
  if (state_ != HelloState::waiting) return state_;
  return held_ ? look(true) : conclude(HelloState::none);
}

HelloState HelloStream::accept(HelloScan scan) {
  server_name_ = std::move(scan.server_name);
  has_ech_ = scan.has_ech;
  return conclude(HelloState::found);
}

HelloState HelloStream::conclude(HelloState state) {
  held_.reset();
  return state_ = state;
}

std::size_t HelloStream::memory() const {
  const std::size_t name = server_name_.capacity() > 15 ? server_name_.capacity() : 0;
  return name + (held_ ? sizeof(Held) - sizeof(SegmentStore) + held_->segments.memory() : 0);
}

}  // namespace pcapml
