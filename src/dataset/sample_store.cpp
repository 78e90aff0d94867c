// SPDX-License-Identifier: Apache-2.0
#include "dataset/sample_store.h"

#include <algorithm>

#include "net/keyed_hash.h"

namespace pcapml {

SampleStore::SampleStore(const std::string& directory)
    : directory_(directory), states_(directory), places_(directory) {}

void SampleStore::save(std::uint64_t number, std::string_view id, Bytes state) {
  const auto size = static_cast<std::uint32_t>(state.size());
  if (number == places_.size()) {
    places_.push_back({end_, size, 0, keyed_hash(id)});
    if (places_.size() > slot_count_ / 2) {
      grow();
    } else {
      enter(places_.get(number).hash, number);
    }
  }
  Place place = places_.get(number);
  if (size > place.room) {
    place.offset = end_;
    place.room = size + size / 4;  // it may grow
    end_ += place.room;
  }
  place.size = size;
  places_.at(number) = place;
  states_.write_at(place.offset, state);
}

Bytes SampleStore::load(std::uint64_t number) {
  const Place place = places_.get(number);
  loaded_.resize(place.size);
  states_.read_at(place.offset, loaded_);
  return loaded_;
}

std::optional<std::uint64_t> SampleStore::find(std::string_view id, const std::function<bool(Bytes)>& is_it) {
  if (slot_count_ == 0) return std::nullopt;
  const std::uint64_t hash = keyed_hash(id);
  for (std::uint64_t slot = hash & (slot_count_ - 1);; slot = (slot + 1) & (slot_count_ - 1)) {
    const std::uint64_t entry = slots_->get(slot);
    if (entry == 0) return std::nullopt;
    if (places_.get(entry - 1).hash == hash && is_it(load(entry - 1))) return entry - 1;
  }
}

void SampleStore::enter(std::uint64_t hash, std::uint64_t number) {
  std::uint64_t slot = hash & (slot_count_ - 1);
  while (slots_->get(slot) != 0) slot = (slot + 1) & (slot_count_ - 1);
  slots_->at(slot) = number + 1;
}

void SampleStore::grow() {
  slot_count_ = std::max<std::uint64_t>(slot_count_ * 4, 4096);
  slots_.emplace(directory_);
  for (std::uint64_t i = 0; i < places_.size(); ++i) enter(places_.get(i).hash, i);
}

}  // namespace pcapml
