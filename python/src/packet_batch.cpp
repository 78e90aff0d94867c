// SPDX-License-Identifier: Apache-2.0
#include "packet_batch.h"

#include <algorithm>
#include <cstring>

namespace pcapml::python {
namespace {

std::uint64_t process_key(std::uint32_t section, std::uint32_t pid) {
  return std::uint64_t{section} << 32 | pid;
}

}  // namespace

void CaptureFile::add_process(std::uint32_t section, ProcessInfo info) {
  const std::lock_guard lock(mutex_);
  auto& programs = processes_[process_key(section, info.pid)];
  const auto at = std::upper_bound(programs.begin(), programs.end(), info, [](const auto& a, const auto& b) {
    return a.start_time_ns < b.start_time_ns;
  });
  programs.insert(at, std::move(info));
}

std::optional<ProcessInfo> CaptureFile::process(std::uint32_t section, std::uint32_t pid,
                                                std::int64_t time_ns) const {
  const std::lock_guard lock(mutex_);
  const auto found = processes_.find(process_key(section, pid));
  if (found == processes_.end()) return std::nullopt;
  const auto& programs = found->second;
  const auto after = std::find_if(programs.begin(), programs.end(),
                                  [&](const auto& p) { return p.start_time_ns > time_ns; });
  if (after == programs.begin()) return std::nullopt;
  return *std::prev(after);
}

std::byte* PacketBatch::room(std::size_t size) {
  if (size > left_) {
    next_chunk_ = std::clamp(next_chunk_ * 2, Chunk::kSmallest, Chunk::kLargest);
    chunks_.emplace_back(std::max(size, next_chunk_));
    left_ = chunks_.back().size();
    free_ = chunks_.back().data();
  }
  std::byte* const start = free_;
  free_ += size;
  left_ -= size;
  return start;
}

void PacketBatch::add(const PacketView& packet, const Interface& interface) {
  const Bytes options = packet.options.encoded();
  const std::size_t size = packet.data.size() + options.size();
  std::byte* const start = room(size);
  if (!packet.data.empty()) std::memcpy(start, packet.data.data(), packet.data.size());
  if (!options.empty()) std::memcpy(start + packet.data.size(), options.data(), options.size());
  bytes_ += size;
  packets_.push_back({.timestamp_ns = packet.timestamp_ns,
                      .bytes = start,
                      .captured = static_cast<std::uint32_t>(packet.data.size()),
                      .options_size = static_cast<std::uint32_t>(options.size()),
                      .original_length = packet.original_length,
                      .section = interface.section,
                      .link_type = interface.link_type,
                      .order = packet.options.order(),
                      .has_timestamp = packet.has_timestamp});
}

}  // namespace pcapml::python
