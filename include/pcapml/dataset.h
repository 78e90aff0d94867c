// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pcapml/reader.h"

namespace pcapml {

/// Told now and then how far a long work is. Called from the working thread.
class Progress {
 public:
  virtual ~Progress() = default;
  /// `done` of `total` bytes of input; total is nullopt for a pipe.
  virtual void update(std::uint64_t done, std::optional<std::uint64_t> total, std::uint64_t packets) = 0;
};

/// How inputs are read.
struct InputOptions {
  LegacyTimestamps legacy_timestamps = LegacyTimestamps::detect;
  bool salvage = false;  ///< keep what lies before damaged data instead of failing
  Progress* progress = nullptr;
};

/// How an output is written.
struct OutputOptions {
  bool fsync = false;    ///< flush it to the disk before it gets its name
  unsigned threads = 0;  ///< that work at once, which changes nothing but the time; 0: one for each processor
};

/// How much memory an operation may take, and where what does not fit goes for the time.
struct MemoryOptions {
  std::uint64_t bytes = 0;          ///< 0: a quarter of the machine's memory; from 16 MiB on
  std::string temporary_directory;  ///< empty: that of the output, or the system's where that is no file
};

/// The kind of capture file to write.
enum class OutputFormat : unsigned char { pcap, pcapng };

/// What every operation tells about its inputs.
struct InputReport {
  ReadCounters counters;              ///< summed over all inputs
  std::vector<std::string> damage;    ///< with `salvage`: where reading ended early, one for each input
  std::vector<std::string> warnings;  ///< other things worth knowing
};

}  // namespace pcapml
