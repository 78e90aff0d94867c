// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "chunk.h"
#include "format/process_block.h"
#include "pcapml/packet.h"

namespace pcapml::python {

/// What all packets of one input share: its names, and the processes that its blocks tell of. Thread-safe.
class CaptureFile {
 public:
  CaptureFile(std::string path, std::string session) : path_(std::move(path)), session_(std::move(session)) {}

  const std::string& path() const { return path_; }
  /// The name that tells this input's samples from those of the others; empty where it is the only one.
  const std::string& session() const { return session_; }

  void add_process(std::uint32_t section, ProcessInfo info);
  /// The program that the process ran at this time (doc/format.md, "Live capture").
  std::optional<ProcessInfo> process(std::uint32_t section, std::uint32_t pid, std::int64_t time_ns) const;

 private:
  std::string path_, session_;
  mutable std::mutex mutex_;
  std::unordered_map<std::uint64_t, std::vector<ProcessInfo>> processes_;  // by section and pid, by time
};

/// One packet in a batch, which owns the bytes.
struct StoredPacket {
  std::int64_t timestamp_ns = 0;
  const std::byte* bytes = nullptr;  ///< captured ones, then the options
  std::uint32_t captured = 0;
  std::uint32_t options_size = 0;
  std::uint32_t original_length = 0;
  std::uint32_t section = 0;
  std::uint16_t link_type = 0;
  ByteOrder order = ByteOrder::little;
  bool has_timestamp = true;

  Bytes data() const { return {bytes, captured}; }
  OptionsView options() const { return {Bytes{bytes + captured, options_size}, order}; }
};

/// Packets of one input, copied, so that they outlive its reader. Filled by one thread, then only read.
class PacketBatch {
 public:
  explicit PacketBatch(std::shared_ptr<CaptureFile> file) : file_(std::move(file)) {}

  void add(const PacketView& packet, const Interface& interface);

  const std::vector<StoredPacket>& packets() const { return packets_; }
  std::size_t bytes() const { return bytes_; }
  const std::shared_ptr<CaptureFile>& file() const { return file_; }

 private:
  std::byte* room(std::size_t size);

  std::shared_ptr<CaptureFile> file_;
  std::vector<StoredPacket> packets_;
  std::vector<Chunk> chunks_;
  std::byte* free_ = nullptr;
  std::size_t left_ = 0;
  std::size_t next_chunk_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace pcapml::python
