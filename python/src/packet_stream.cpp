// SPDX-License-Identifier: Apache-2.0
#include "packet_stream.h"

#include <utility>

#include "format/block.h"
#include "pcapml/error.h"

namespace pcapml::python {

PacketStream::PacketStream(std::vector<Input> inputs, StreamOptions options)
    : inputs_(std::move(inputs)), options_(options) {
  open_next();  // what cannot be opened fails at once
}

bool PacketStream::open_next() {
  if (opened_ == inputs_.size()) return false;
  Input& input = inputs_[opened_++];
  try {
    reader_.emplace(
        input.stream ? decompress(read_stream(std::move(input.stream), input.path)) : open_source(input.path),
        options_.reader);
  } catch (...) {
    opened_ = inputs_.size();
    throw;
  }
  file_ = std::make_shared<CaptureFile>(std::move(input.path), std::move(input.session));
  return true;
}

const PacketView* PacketStream::next_of_input() {
  try {
    while (const Record* record = reader_->next()) {
      if (record->kind == Record::Kind::packet) return &record->packet;
      if (record->kind == Record::Kind::block) read_block(record->block);
    }
  } catch (const FormatError& error) {
    if (!options_.keep_damaged) {
      close();
      throw;
    }
    damage_.emplace_back(error.what());
  } catch (...) {
    close();
    throw;
  }
  reader_.reset();
  return nullptr;
}

void PacketStream::read_block(const BlockView& block) {
  if (block.type != kCustom) return;
  if (auto info = parse_process_block(block.body, block.order))
    file_->add_process(static_cast<std::uint32_t>(reader_->sections().size() - 1), *std::move(info));
}

void PacketStream::close() {
  reader_.reset();
  opened_ = inputs_.size();
}

}  // namespace pcapml::python
