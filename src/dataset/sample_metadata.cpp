// SPDX-License-Identifier: Apache-2.0
#include "dataset/sample_metadata.h"

#include <fmt/format.h>

#include <algorithm>

#include "dataset/csv.h"
#include "dataset/time_text.h"

namespace pcapml {
namespace {

constexpr std::size_t kMaxIdInName = 64;
constexpr std::size_t kMaxLabelInName = 128;

/// Bytes above ASCII are left: names are UTF-8, as file systems have it. A cut never splits a character.
std::string safe_name(std::string_view label) {
  std::size_t size = std::min(label.size(), kMaxLabelInName);
  while (size < label.size() && size > 0 && (static_cast<unsigned char>(label[size]) & 0xc0) == 0x80) --size;
  std::string name(label.substr(0, size));
  for (char& c : name) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = byte >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                       (c >= 'A' && c <= 'Z') || c == '.' || c == '-' || c == '_' || c == '+' || c == '@';
    if (!plain) c = '_';
  }
  return name;
}

}  // namespace

void SampleMetadata::add(const LabelView& label, std::uint64_t number) {
  if (!labels_.empty() && label.metadata == last_metadata_) return;
  last_metadata_ = label.metadata;
  if (labels_.empty()) {
    id_ = canonical_sample_id(label.sample_id);
    metadata_ = label.metadata;
    number_ = number;
  }
  std::string scratch;
  const std::string name(label_name(label, scratch));
  if (std::find(labels_.begin(), labels_.end(), name) == labels_.end()) labels_.push_back(name);
}

std::string SampleMetadata::file_stem() const {
  const std::string name = safe_name(labels_.front());
  if (id_.size() <= kMaxIdInName) return fmt::format("{}_{}", id_, name);
  return fmt::format("{}~{}_{}", id_.substr(0, kMaxIdInName), number_, name);
}

void SampleMetadata::save(StateWriter& state) const {
  for (const std::string* text : {&id_, &metadata_, &last_metadata_}) state.put(*text);
  state.put(number_);
  state.put(labels_.size());
  for (const std::string& label : labels_) state.put(label);
}

void SampleMetadata::load(StateReader& state) {
  for (std::string* text : {&id_, &metadata_, &last_metadata_}) *text = state.take_text();
  number_ = state.take<std::uint64_t>();
  labels_.resize(state.take<std::size_t>());
  for (std::string& label : labels_) label = state.take_text();
}

std::size_t SampleMetadata::memory_bytes() const {
  std::size_t bytes = sizeof *this + id_.capacity() + metadata_.capacity() + last_metadata_.capacity();
  for (const std::string& label : labels_) bytes += sizeof(std::string) + label.capacity();
  return bytes;
}

void CaptureMetadata::add(const PacketView& packet) {
  if (packets == 0) first_ns = last_ns = packet.timestamp_ns;
  first_ns = std::min(first_ns, packet.timestamp_ns);
  last_ns = std::max(last_ns, packet.timestamp_ns);
  ++packets;
  bytes += packet.original_length;
}

std::string metadata_header() {
  return "File,Label,SampleID,Packets,Bytes,FirstTime,LastTime,Labels,Metadata\n";
}

std::string metadata_record(const std::string& file, const SampleMetadata& sample,
                            const CaptureMetadata& capture) {
  return csv_record({file, sample.labels().front(), sample.id(), std::to_string(capture.packets),
                     std::to_string(capture.bytes), seconds_text(capture.first_ns),
                     seconds_text(capture.last_ns), csv_record(sample.labels()), sample.metadata()}) +
         "\n";
}

}  // namespace pcapml
