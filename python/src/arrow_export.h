// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "arrow_abi.h"
#include "buffer.h"

namespace pcapml::python {

/// One Arrow array. Exported arrays share it.
struct ArrayData {
  std::int64_t length = 0;
  std::int64_t null_count = 0;
  std::vector<std::shared_ptr<const Buffer>> buffers;  ///< validity first, nullptr where nothing is null
  std::shared_ptr<const ArrayData> dictionary;
};

/// Name and type of a column, in the C data interface's format strings.
struct FieldType {
  std::string name;
  std::string format;
  std::string dictionary;  ///< format of the values where they are dictionary-encoded; else empty
  bool operator==(const FieldType&) const = default;
};

/// Columns of equal length.
struct RecordBatch {
  std::vector<FieldType> fields;
  std::vector<std::shared_ptr<const ArrayData>> columns;
  std::int64_t rows = 0;
};

/// A validity bitmap of what is_valid(row) says; nullptr where nothing is null.
template <class Valid>
std::shared_ptr<const Buffer> validity(std::size_t rows, std::int64_t null_count, Valid is_valid) {
  if (null_count == 0) return nullptr;
  auto bits = std::make_shared<Buffer>();
  auto* byte = reinterpret_cast<std::uint8_t*>(bits->extend((rows + 7) / 8));
  for (std::size_t i = 0; i < rows; i += 8, ++byte) {
    unsigned eight = 0;
    for (std::size_t bit = 0; bit < 8 && i + bit < rows; ++bit) eight |= unsigned{is_valid(i + bit)} << bit;
    *byte = static_cast<std::uint8_t>(eight);
  }
  return bits;
}

/// Fills structs of the caller, who has to call their release().
void export_schema(const std::vector<FieldType>& fields, ArrowSchema* out);
void export_batch(const RecordBatch& batch, ArrowArray* out);

}  // namespace pcapml::python
