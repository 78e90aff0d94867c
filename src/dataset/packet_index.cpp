// SPDX-License-Identifier: Apache-2.0
#include "dataset/packet_index.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <numeric>
#include <utility>

#include "label/packet_label.h"
#include "net/keyed_hash.h"

namespace pcapml {

std::uint32_t SampleIds::intern(std::string_view digits) {
  const std::string_view id = canonical_sample_id(digits);
  if (last_index_ != kNoSample && id == last_) return last_index_;
  last_ = id;
  std::uint64_t number = 0;
  if (id.size() > std::numeric_limits<std::uint64_t>::digits10) return last_index_ = intern_text(id);
  std::from_chars(id.data(), id.data() + id.size(), number);
  return last_index_ = intern_number(number);
}

std::uint32_t SampleIds::intern_number(std::uint64_t number) {
  if (slots_.size() <= 2 * ids_.size()) {
    std::vector<Slot> old =
        std::exchange(slots_, std::vector<Slot>(std::max<std::size_t>(64, 2 * slots_.size())));
    for (const Slot& slot : old)
      if (slot.place != 0) slot_of(slot.number) = slot;
  }
  Slot& slot = slot_of(number);
  if (slot.place == 0) {
    ids_.push_back({{}, number});
    slot = {number, static_cast<std::uint32_t>(ids_.size())};
  }
  return slot.place - 1;
}

/// Where a number is, or belongs.
SampleIds::Slot& SampleIds::slot_of(std::uint64_t number) {
  std::size_t at = keyed_hash(number) & (slots_.size() - 1);
  while (slots_[at].place != 0 && slots_[at].number != number) at = (at + 1) & (slots_.size() - 1);
  return slots_[at];
}

std::uint32_t SampleIds::intern_text(std::string_view id) {
  auto it = long_ids_.find(id);
  if (it == long_ids_.end()) {
    it = long_ids_.emplace(std::string(id), static_cast<std::uint32_t>(ids_.size())).first;
    ids_.push_back({it->first, 0});
    text_bytes_ += it->first.size();
  }
  return it->second;
}

std::vector<std::uint32_t> SampleIds::ranks() const {
  std::vector<std::uint32_t> order(ids_.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), [this](std::uint32_t a, std::uint32_t b) {
    const Id &x = ids_[a], &y = ids_[b];
    if (x.text.empty() && y.text.empty()) return x.number < y.number;
    if (x.text.empty() || y.text.empty()) return x.text.empty();
    return compare_sample_ids(x.text, y.text) < 0;
  });
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
