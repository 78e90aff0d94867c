// SPDX-License-Identifier: Apache-2.0
#include "format/options.h"

#include <fmt/format.h>

#include "format/block.h"
#include "format/store.h"
#include "pcapml/cursor.h"
#include "pcapml/error.h"

namespace pcapml {

void OptionsView::iterator::read() {
  size_ = 0;
  if (rest_.empty()) return;
  Cursor cursor(rest_, order_);
  std::uint16_t length = 0;
  cursor.read(option_.code, length);
  option_.value = cursor.take(length);
  cursor.skip(padded(length) - length);
  size_ = cursor.ok() ? cursor.position() : rest_.size();
}

std::optional<Option> OptionsView::find(std::uint16_t code) const {
  for (const Option& option : *this)
    if (option.code == code) return option;
  return std::nullopt;
}

void OptionList::add(std::uint16_t code, Bytes value) {
  if (value.size() > kMaxOptionLength)
    throw DataError(
        fmt::format("an option of {} bytes exceeds the 65535 that a pcapng option holds", value.size()));
  const std::size_t at = bytes_.size();
  bytes_.resize(at + 4 + padded(value.size()));
  std::byte* to = store(bytes_.data() + at, code, order_);
  to = store(to, static_cast<std::uint16_t>(value.size()), order_);
  store(to, value);
}

void OptionList::add_u8(std::uint16_t code, std::uint8_t value) {
  add(code, std::as_bytes(std::span{&value, 1}));
}

void OptionList::add_u32(std::uint16_t code, std::uint32_t value) {
  std::byte bytes[4];
  store(bytes, value, order_);
  add(code, Bytes{bytes});
}

void OptionList::add_u64(std::uint16_t code, std::uint64_t value) {
  std::byte bytes[8];
  store(bytes, value, order_);
  add(code, Bytes{bytes});
}

}  // namespace pcapml
