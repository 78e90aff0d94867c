// SPDX-License-Identifier: Apache-2.0
#include "dataset/long_group.h"

namespace pcapml {

LongGroup::LongGroup(std::size_t memory_bytes, const std::string& directory)
    : part_bytes_(memory_bytes / 2),
      directory_(directory),
      exact_(part_bytes_, directory),
      longer_(directory),
      left_(directory) {}

void LongGroup::add(const PairingRecord& record) {
  if (record.captured == record.prefix) {
    exact_.add(record);
  } else {
    longer_.push_back(record);
  }
}

void LongGroup::pair(const LongLine::Join& join, const LongLine::Leave& leave) {
  if (longer_.size() == 0) return exact_.pair(join, leave);
  exact_.pair(join, [this](const PairingRecord& record) { left_.push_back(record); });
  // What is left is of one side, and meets the longer ones of the other.
  if (left_.size() == 0) {
    for (std::uint64_t i = 0; i < longer_.size(); ++i) leave(longer_.read(i));
    return;
  }
  const bool is_test = left_.read(0).is_test;
  LongLine mixed(part_bytes_, directory_);
  for (std::uint64_t i = 0; i < left_.size(); ++i) mixed.add(left_.read(i));
  for (std::uint64_t i = 0; i < longer_.size(); ++i) {
    const PairingRecord record = longer_.read(i);
    if (record.is_test != is_test) {
      mixed.add(record);
    } else {
      leave(record);
    }
  }
  mixed.pair(join, leave);
}

}  // namespace pcapml
