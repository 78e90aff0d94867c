// SPDX-License-Identifier: Apache-2.0
#include "net/segment_store.h"

#include <algorithm>
#include <span>

namespace pcapml {
namespace {

/// How far `to` lies after `from`; RFC 9293, 3.4: numbers compare modulo 2^32.
std::int32_t distance(std::uint32_t from, std::uint32_t to) { return static_cast<std::int32_t>(to - from); }

}  // namespace

void SegmentStore::add(std::uint32_t sequence, Bytes payload) {
  if (payload.empty()) return;
  const auto size = static_cast<std::uint32_t>(payload.size());
  for (const Segment& other : segments_) {
    const std::int32_t ahead = distance(other.sequence, sequence);  // of this segment, in the other
    const std::uint32_t skip_other = ahead > 0 ? static_cast<std::uint32_t>(ahead) : 0;
    const std::uint32_t skip_this = ahead < 0 ? 0 - static_cast<std::uint32_t>(ahead) : 0;
    if (skip_other >= other.size || skip_this >= size) continue;
    const std::uint32_t overlap = std::min(other.size - skip_other, size - skip_this);
    const bool same =
        std::ranges::equal(bytes_of(other).subspan(skip_other, overlap), payload.subspan(skip_this, overlap));
    if (same && overlap == size) return;
    if (!same) contradicts_ = true;
  }
  const auto position = static_cast<std::uint32_t>(bytes_.size());
  bytes_ += as_text(payload);
  if (!segments_.empty() && segments_.back().sequence + segments_.back().size == sequence)
    segments_.back().size += size;
  else
    segments_.push_back({sequence, position, size});
}

std::vector<SegmentStore::Run> SegmentStore::runs(Preference preference) {
  std::vector<Run> runs;
  if (segments_.size() == 1) runs.push_back({segments_[0].sequence, bytes_of(segments_[0])});
  if (segments_.size() <= 1) return runs;

  std::vector<Segment> by_start = segments_;
  const std::uint32_t anchor = segments_[0].sequence;
  std::ranges::sort(by_start, {}, [&](const Segment& s) { return distance(anchor, s.sequence); });

  struct Stretch {
    std::uint32_t sequence, size, position;
  };
  std::vector<Stretch> stretches;
  std::uint32_t total = 0;
  for (const Segment& segment : by_start) {
    Stretch* last = stretches.empty() ? nullptr : &stretches.back();
    if (!last || distance(last->sequence + last->size, segment.sequence) > 0) {
      stretches.push_back({segment.sequence, 0, total});
      last = &stretches.back();
    }
    const auto end = segment.sequence - last->sequence + segment.size;
    if (end > last->size) total += end - last->size;
    last->size = std::max(last->size, end);
  }

  painted_.resize(total);
  std::vector<Segment> layers = segments_;
  order(layers, preference);
  const std::span canvas(painted_);
  for (const Segment& segment : layers) {
    const auto after =
        std::ranges::upper_bound(stretches, distance(anchor, segment.sequence), {},
                                 [&](const Stretch& s) { return distance(anchor, s.sequence); });
    const Stretch& home = *std::prev(after);
    const std::size_t at = home.position + (segment.sequence - home.sequence);
    std::ranges::copy(as_text(bytes_of(segment)), canvas.subspan(at, segment.size).begin());
  }
  for (const Stretch& stretch : stretches)
    runs.push_back({stretch.sequence, as_bytes(painted_).subspan(stretch.position, stretch.size)});
  return runs;
}

/// Puts those first that the others shall cover.
void SegmentStore::order(std::vector<Segment>& segments, Preference preference) const {
  if (preference == Preference::latest) return;
  std::ranges::reverse(segments);
  if (preference == Preference::earliest) return;
  const std::uint32_t anchor = segments_[0].sequence;
  std::ranges::stable_sort(segments, {},
                           [&](const Segment& s) { return distance(anchor, s.sequence + s.size); });
}

Bytes SegmentStore::bytes_of(const Segment& segment) const {
  return as_bytes(bytes_).subspan(segment.position, segment.size);
}

std::size_t SegmentStore::memory() const {
  return sizeof *this + segments_.capacity() * sizeof(Segment) + bytes_.capacity() + painted_.capacity();
}

}  // namespace pcapml
