// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "pcapml/bytes.h"

namespace pcapml {

/// Segments of one direction of a TCP connection, which may contradict each other.
///
/// Sequence numbers wrap; all segments must lie within 2^31 of each other. Not thread-safe.
class SegmentStore {
 public:
  /// Which segment is right where two differ.
  enum class Preference : std::uint8_t {
    longest,  ///< that which reaches further: bogus payloads are short
    latest,
    earliest,
  };

  /// A stretch without a gap. Borrows from the store until its next call.
  struct Run {
    std::uint32_t sequence;
    Bytes bytes;
  };

  /// Copies a segment, unless what it says was said before.
  void add(std::uint32_t sequence, Bytes payload);

  /// All stretches, in the order of sequence numbers.
  std::vector<Run> runs(Preference preference);

  bool contradicts() const { return contradicts_; }  ///< two segments differ where they overlap
  std::size_t bytes() const { return bytes_.size(); }
  std::size_t segments() const { return segments_.size(); }
  std::size_t memory() const;

 private:
  struct Segment {
    std::uint32_t sequence;
    std::uint32_t position;  ///< in bytes_
    std::uint32_t size;
  };

  Bytes bytes_of(const Segment& segment) const;
  void order(std::vector<Segment>& segments, Preference preference) const;

  std::vector<Segment> segments_;  ///< in order of arrival
  std::string bytes_;
  std::string painted_;
  bool contradicts_ = false;
};

}  // namespace pcapml
