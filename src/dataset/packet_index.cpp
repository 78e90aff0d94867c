// SPDX-License-Identifier: Apache-2.0
#include "dataset/packet_index.h"

#include <algorithm>
#include <numeric>

#include "label/packet_label.h"

namespace pcapml {

std::uint32_t SampleIds::intern(std::string_view digits) {
  const std::string_view id = canonical_sample_id(digits);
  if (last_index_ != kNoSample && id == last_) return last_index_;
  auto it = index_.find(id);
  if (it == index_.end()) {
    it = index_.emplace(std::string(id), static_cast<std::uint32_t>(ids_.size())).first;
    ids_.push_back(it->first);
    text_bytes_ += it->first.size();
  }
  last_ = id;
  last_index_ = it->second;
  return last_index_;
}

std::vector<std::uint32_t> SampleIds::ranks() const {
  std::vector<std::uint32_t> order(ids_.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(),
            [this](std::uint32_t a, std::uint32_t b) { return compare_sample_ids(ids_[a], ids_[b]) < 0; });
  std::vector<std::uint32_t> ranks(ids_.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) ranks[order[i]] = i;
  return ranks;
}

bool IndexedCapture::index_some(Column<IndexEntry>& entries, std::uint32_t number) {
  constexpr std::size_t kSome = 4096;
  const std::size_t enough = entries.size() + kSome;
  while (const Record* record = input_.next()) {
    switch (record->kind) {
      case Record::Kind::packet: {
        const PacketView& packet = record->packet;
        const auto label = find_label(packet.options).label;
        entries.push_back({packet.timestamp_ns, packet.offset, packet.size,
                           label ? samples_.intern(label->sample_id) : kNoSample, packet.interface, number});
        if (entries.size() == enough) return true;
        break;
      }
      case Record::Kind::section:
        first_interface_ = static_cast<std::uint32_t>(input_.reader().interfaces().size());
        break;
      case Record::Kind::block: blocks_.add(record->block, first_interface_); break;
      case Record::Kind::interface: break;
    }
  }
  return false;
}

}  // namespace pcapml
