// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace pcapml {

struct MarkRequest {
  std::string output;  ///< label file; made where it is not there
  std::string label;   ///< of the activity that begins now; empty: none begins
  bool stop = false;   ///< the activity that goes on ends now, and no other begins
};

/// An activity of a label file.
struct Activity {
  std::string label;
  std::int64_t start_ns = 0;  ///< since the epoch
};

struct MarkResult {
  std::optional<Activity> ended;  ///< that went on until now
  std::optional<Activity> begun;
  std::int64_t now_ns = 0;  ///< since the epoch
};

/// Says in a label file which activity begins now: a rule with a window that has no end yet is appended, and
/// the window of the one before ends. At any moment it is a label file whose rules do not overlap, also for
/// readers; calls at once wait for each other. Nothing else in the file is changed.
///
/// `clock` gives nanoseconds since the epoch; by default the system's. Throws UsageError for a label that no
/// rule can have, DataError for a file that is no label file, whose last activity begins later than now, or
/// that has none to stop, and std::system_error where it cannot be written; the file is then as it was.
MarkResult mark(const MarkRequest& request, const std::function<std::int64_t()>& clock);
MarkResult mark(const MarkRequest& request);

}  // namespace pcapml
