// SPDX-License-Identifier: Apache-2.0
// Process information: the first byte is the section's byte order. What is read and written is read as the
// same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "format/process_block.h"
#include "pcapml/cursor.h"

namespace {

using namespace pcapml;

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Cursor input(std::as_bytes(std::span(data, size)));
  const ByteOrder order = (input.u8() & 1) != 0 ? ByteOrder::big : ByteOrder::little;
  const auto info = parse_process_block(input.rest(), order);
  if (!info) return 0;
  const auto body = process_block_body(*info, order);
  const auto again = parse_process_block(body, order);
  require(again.has_value());
  require(process_block_body(*again, order) == body);
  require(again->name == info->name && again->command_line == info->command_line &&
          again->uuid == info->uuid);
  require(again->parent == info->parent && again->start_time_ns == info->start_time_ns);
  return 0;
}
