// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace pcapml {
struct CaptureProgress;
}

namespace pcapml::cli {

enum class LiveOrder : unsigned char { packets, bytes, flows, label };

/// The order that a key asks for.
std::optional<LiveOrder> order_of_key(char key);

struct LiveView {
  std::size_t width = 80;
  std::size_t height = 24;
  LiveOrder order = LiveOrder::packets;  ///< the largest first; labels from A to Z
  bool has_keys = true;                  ///< the head tells them
};

/// How far a capture is, as lines that fit into the view: each takes less than its width, and together they
/// leave one row free, for the cursor. They hold no control characters.
std::vector<std::string> live_table(const CaptureProgress& progress, const LiveView& view);

}  // namespace pcapml::cli
