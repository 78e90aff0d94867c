// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "pcapml/join.h"

namespace pcapml {

/// Counts packets by time in pieces of equal length, without knowing beforehand when they will be: at most
/// 256 pieces, which double in length where they do not reach.
class Timeline {
 public:
  enum class Kind : unsigned char { matched, unmatched, conflicting };

  void add(std::int64_t time_ns, Kind kind);
  /// The pieces between the first and the last packet.
  JoinTimeline result() const;

 private:
  static constexpr std::size_t kPieces = 256;

  void widen(std::int64_t time_ns);

  std::int64_t piece_ns_ = 0;
  std::int64_t first_ = 0;  // number of the first piece: its time, divided by the length of one
  std::vector<JoinTimeline::Piece> pieces_;
};

}  // namespace pcapml
