// SPDX-License-Identifier: Apache-2.0
#include "dataset/block_spool.h"

#include <algorithm>
#include <cstring>

#include "dataset/extent_reader.h"

namespace pcapml {
namespace {

constexpr std::size_t kWaiting = std::size_t{128} << 10;

}  // namespace

void BlockSpool::add(const BlockView& block, std::uint32_t first_interface) {
  const Header header{block.offset, block.type, static_cast<std::uint32_t>(block.body.size()),
                      first_interface, block.order};
  const std::size_t at = waiting_.size();
  if (at > 0 && at + sizeof header + block.body.size() > kWaiting) {
    spill();
    return add(block, first_interface);
  }
  waiting_.resize(at + sizeof header + block.body.size());
  std::memcpy(waiting_.data() + at, &header, sizeof header);
  std::copy(block.body.begin(), block.body.end(),
            waiting_.begin() + static_cast<std::ptrdiff_t>(at + sizeof header));
}

void BlockSpool::spill() {
  if (!file_) {
    file_.emplace(directory_);
    sink_ = file_->sink();
  }
  sink_->write(waiting_);
  spilled_ += waiting_.size();
  waiting_.clear();
  if (waiting_.capacity() > kWaiting) waiting_.shrink_to_fit();
}

void BlockSpool::for_each(const std::function<void(const BlockView&, std::uint32_t)>& use,
                          std::uint64_t from) {
  if (from == end()) return;
  if (spilled_ > 0 && !waiting_.empty()) spill();
  Header header;
  const auto show = [&](const std::byte* body) {
    use({header.type, header.order, {body, header.size}, header.offset}, header.first_interface);
  };
  if (spilled_ == 0) {
    for (const std::byte *at = waiting_.data() + from, *last = waiting_.data() + waiting_.size(); at != last;
         at += header.size) {
      std::memcpy(&header, at, sizeof header);
      show(at += sizeof header);
    }
    return;
  }
  std::vector<std::byte> buffer(kWaiting);
  for (ExtentReader reader(*file_, from, spilled_, buffer); !reader.at_end(); reader.consume(header.size)) {
    std::memcpy(&header, reader.peek(sizeof header), sizeof header);
    reader.consume(sizeof header);
    show(reader.peek(header.size));
  }
}

}  // namespace pcapml
