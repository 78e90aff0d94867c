// SPDX-License-Identifier: Apache-2.0
#include "join/timeline.h"

#include <algorithm>
#include <limits>

namespace pcapml {
namespace {

constexpr std::int64_t kShortestPiece = 1'000'000;

std::int64_t number_of(std::int64_t time_ns, std::int64_t piece_ns) {
  return time_ns / piece_ns - (time_ns % piece_ns < 0 ? 1 : 0);
}

bool is_empty(const JoinTimeline::Piece& piece) {
  return piece.matched == 0 && piece.unmatched == 0 && piece.conflicting == 0;
}

}  // namespace

void Timeline::add(std::int64_t time_ns, Kind kind) {
  if (pieces_.empty()) {
    pieces_.resize(kPieces);
    piece_ns_ = kShortestPiece;
    first_ = number_of(time_ns, piece_ns_) - static_cast<std::int64_t>(kPieces / 2);
  }
  std::int64_t index = number_of(time_ns, piece_ns_) - first_;
  while (index < 0 || index >= static_cast<std::int64_t>(kPieces)) {
    widen(time_ns);
    index = number_of(time_ns, piece_ns_) - first_;
  }
  JoinTimeline::Piece& piece = pieces_[static_cast<std::size_t>(index)];
  ++(kind == Kind::matched ? piece.matched : kind == Kind::unmatched ? piece.unmatched : piece.conflicting);
}

void Timeline::widen(std::int64_t time_ns) {
  const std::int64_t length = piece_ns_ * 2;
  const std::int64_t first = first_ >> 1;
  std::vector<JoinTimeline::Piece> wider(kPieces);
  // Where the packet comes before all others, the pieces move to the back.
  const bool earlier = number_of(time_ns, length) < first;
  const std::int64_t begin = earlier ? first - static_cast<std::int64_t>(kPieces / 2) + 1 : first;
  for (std::size_t i = 0; i < kPieces; ++i) {
    if (is_empty(pieces_[i])) continue;
    const std::int64_t number = (first_ + static_cast<std::int64_t>(i)) >> 1;
    JoinTimeline::Piece& into = wider[static_cast<std::size_t>(number - begin)];
    into.matched += pieces_[i].matched;
    into.unmatched += pieces_[i].unmatched;
    into.conflicting += pieces_[i].conflicting;
  }
  pieces_ = std::move(wider);
  piece_ns_ = length;
  first_ = begin;
}

JoinTimeline Timeline::result() const {
  JoinTimeline timeline;
  const auto has_packets = [](const JoinTimeline::Piece& piece) { return !is_empty(piece); };
  const auto begin = std::find_if(pieces_.begin(), pieces_.end(), has_packets);
  const auto end = std::find_if(pieces_.rbegin(), pieces_.rend(), has_packets).base();
  if (begin == pieces_.end()) return timeline;
  timeline.piece_ns = piece_ns_;
  if (__builtin_mul_overflow(first_ + (begin - pieces_.begin()), piece_ns_, &timeline.start_ns))
    timeline.start_ns = std::numeric_limits<std::int64_t>::min();
  timeline.pieces.assign(begin, end);
  return timeline;
}

}  // namespace pcapml
