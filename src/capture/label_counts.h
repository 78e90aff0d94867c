// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>
#include <vector>

#include "pcapml/capture.h"

namespace pcapml {

/// Packets, flows and names by label and executable. Bounded: what comes when it is full counts as
/// "(others)".
class LabelCounts {
 public:
  static constexpr std::size_t kMost = 65536;
  static constexpr std::size_t kDomains = 8;

  struct Count {
    std::string label, executable;
    std::uint64_t packets = 0, bytes = 0, flows = 0;
    std::deque<std::string> domains;  // the latest first
  };
  /// Lives as long as this.
  Count& of(const std::string& label, const std::string& executable);
  static void add_domain(Count& count, const std::string& domain);

  std::vector<CapturedLabel> by_packets() const;
  /// Labels alone, whatever their executables.
  std::vector<LiveLabel> live() const;

 private:
  std::unordered_map<std::string, Count> counts_;  // label, NUL, executable
};

}  // namespace pcapml
