// SPDX-License-Identifier: Apache-2.0
#include "dataset/reading_progress.h"

#include <filesystem>

namespace pcapml {

ReadingProgress::ReadingProgress(Progress* shown, const std::vector<InputFile>& files, unsigned readings)
    : shown_(shown) {
  for (const InputFile& file : files) {
    std::error_code error;
    const std::uintmax_t size = std::filesystem::file_size(file.path, error);
    if (error)
      total_.reset();
    else if (total_)
      *total_ += size * readings;
  }
}

void ReadingProgress::update(std::uint64_t done, std::optional<std::uint64_t> total, std::uint64_t packets) {
  if (shown_ != nullptr)
    shown_->update(bytes_before_ + done, total ? total_ : std::nullopt, packets_before_ + packets);
}

void ReadingProgress::end(const CaptureInput& input) {
  bytes_before_ += input.reader().source().position();
  packets_before_ += input.reader().counters().packets;
}

}  // namespace pcapml
