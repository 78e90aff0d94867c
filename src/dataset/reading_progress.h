// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "dataset/capture_input.h"

namespace pcapml {

/// Progress over several files, each read `readings` times, as one. Of files without a size it knows no
/// total.
class ReadingProgress final : public Progress {
 public:
  /// `shown` may be nullptr.
  ReadingProgress(Progress* shown, const std::vector<InputFile>& files, unsigned readings);

  void update(std::uint64_t done, std::optional<std::uint64_t> total, std::uint64_t packets) override;
  /// One reading of a file is over.
  void end(const CaptureInput& input);

 private:
  Progress* shown_;
  std::optional<std::uint64_t> total_ = 0;
  std::uint64_t bytes_before_ = 0;
  std::uint64_t packets_before_ = 0;
};

}  // namespace pcapml
