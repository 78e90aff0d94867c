// SPDX-License-Identifier: Apache-2.0
#include "net/dns_stream.h"

#include <algorithm>

#include "pcapml/cursor.h"

namespace pcapml {
namespace {

constexpr std::size_t kMaxWaiting = 65536;
constexpr std::size_t kMaxSegmentsWaiting = 64;
constexpr std::size_t kMinMessage = 12;  // RFC 1035, 4.1.1: the header

std::int32_t distance(std::uint32_t from, std::uint32_t to) { return static_cast<std::int32_t>(to - from); }

}  // namespace

void DnsStream::add(std::uint32_t sequence, Bytes payload) {
  if (payload.empty()) return;
  if (!started_) {
    started_ = true;
    origin_ = next_sequence_ = sequence;
  }
  if (distance(next_sequence_, sequence) > 0) {
    auto& place = waiting_[sequence - origin_];
    if (place.size() < payload.size()) {
      waiting_bytes_ += payload.size() - place.size();
      place.assign(payload.begin(), payload.end());
    }
    if (waiting_bytes_ > kMaxWaiting || waiting_.size() > kMaxSegmentsWaiting) skip_gap();
  } else {
    append(sequence, payload);
  }
  while (!waiting_.empty() && distance(next_sequence_, origin_ + waiting_.begin()->first) <= 0) {
    const auto segment = waiting_.extract(waiting_.begin());
    waiting_bytes_ -= segment.mapped().size();
    append(origin_ + segment.key(), segment.mapped());
  }
}

void DnsStream::append(std::uint32_t sequence, Bytes payload) {
  const auto known = static_cast<std::size_t>(-static_cast<std::int64_t>(distance(next_sequence_, sequence)));
  if (known >= payload.size()) return;
  buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(taken_));
  taken_ = 0;
  const Bytes fresh = payload.subspan(known);
  buffer_.insert(buffer_.end(), fresh.begin(), fresh.end());
  next_sequence_ += static_cast<std::uint32_t>(fresh.size());
}

void DnsStream::skip_gap() {
  buffer_.clear();
  taken_ = 0;
  next_sequence_ = origin_ + waiting_.begin()->first;
}

Bytes DnsStream::next() {
  if (taken_ == buffer_.size()) lose_place();  // nothing is left of it
  const Bytes rest = Bytes(buffer_).subspan(taken_);
  Cursor at(rest);
  const std::size_t length = at.be16();
  const Bytes message = at.take(length);
  if (!at.ok()) return {};
  taken_ += at.position();
  if (length >= kMinMessage) return message;
  lose_place();
  return {};
}

void DnsStream::lose_place() {
  buffer_.clear();
  taken_ = 0;
}

}  // namespace pcapml
