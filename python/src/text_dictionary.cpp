// SPDX-License-Identifier: Apache-2.0
#include "text_dictionary.h"

#include <algorithm>
#include <limits>

#include "pcapml/error.h"
#include "text.h"

namespace pcapml::python {
namespace {

constexpr std::size_t kAtOnce = 16;  // bytes that are copied without asking how many there are

std::shared_ptr<const Buffer> shared(Buffer buffer) {
  return std::make_shared<const Buffer>(std::move(buffer));
}

std::shared_ptr<const ArrayData> values(const TextDictionary& dictionary) {
  Buffer offsets, bytes;
  offsets.push(std::int32_t{0});
  for (std::size_t i = 0; i < dictionary.size(); ++i) {
    const std::string& text = dictionary[static_cast<std::int32_t>(i)];
    bytes.append(text.data(), text.size());
    if (bytes.size() > std::numeric_limits<std::int32_t>::max())
      throw DataError("a column has more than 2 GiB of different texts; read it in batches");
    offsets.push(static_cast<std::int32_t>(bytes.size()));
  }
  auto data = std::make_shared<ArrayData>();
  data->length = static_cast<std::int64_t>(dictionary.size());
  // A code that is null points somewhere, too.
  if (data->length == 0) {
    offsets.push(std::int32_t{0});
    data->length = 1;
  }
  data->buffers = {nullptr, shared(std::move(offsets)), shared(std::move(bytes))};
  return data;
}

/// The texts of a dictionary, each with room behind it, so that kAtOnce bytes may be read.
struct PaddedTexts {
  Buffer bytes;
  std::vector<std::uint32_t> sizes;
  std::vector<std::size_t> starts;

  explicit PaddedTexts(const TextDictionary& dictionary) {
    for (std::size_t i = 0; i < dictionary.size(); ++i) {
      const std::string& text = dictionary[static_cast<std::int32_t>(i)];
      starts.push_back(bytes.size());
      sizes.push_back(static_cast<std::uint32_t>(text.size()));
      bytes.append(text.data(), text.size());
    }
    std::memset(bytes.extend(kAtOnce), 0, kAtOnce);
  }
};

void expand(const Buffer& codes, const TextDictionary& dictionary, ArrayData& data) {
  const PaddedTexts texts(dictionary);
  const auto* code = codes.as<std::int32_t>();
  const auto rows = static_cast<std::size_t>(data.length);
  Buffer offsets, bytes;
  auto* offset = reinterpret_cast<std::int64_t*>(offsets.extend((rows + 1) * sizeof(std::int64_t)));
  std::size_t total = 0;
  for (std::size_t i = 0; i < rows; ++i) {
    offset[i] = static_cast<std::int64_t>(total);
    if (code[i] >= 0) total += texts.sizes[static_cast<std::size_t>(code[i])];
  }
  offset[rows] = static_cast<std::int64_t>(total);
  std::byte* to = bytes.extend(total + kAtOnce);
  const std::byte* const from = texts.bytes.data();
  for (std::size_t i = 0; i < rows; ++i) {
    if (code[i] < 0) continue;
    const auto number = static_cast<std::size_t>(code[i]);
    const std::size_t size = texts.sizes[number];
    if (size <= kAtOnce) {
      std::memcpy(to, from + texts.starts[number], kAtOnce);
    } else {
      std::memcpy(to, from + texts.starts[number], size);
    }
    to += size;
  }
  data.buffers.push_back(shared(std::move(offsets)));
  data.buffers.push_back(shared(std::move(bytes)));
}

}  // namespace

std::int32_t TextDictionary::add(std::string_view text) {
  if (const std::int32_t* known = codes_.find(text)) return *known;
  const std::string& kept = texts_.emplace_back(to_utf8(text));
  const auto code = static_cast<std::int32_t>(texts_.size() - 1);
  if (kept == text) {
    codes_.find_or_add(kept).value = code;
    return code;
  }
  // It had to be made valid: the valid text may be known.
  const auto [value, added] = codes_.find_or_add(kept);
  if (added) return value = code;
  const std::int32_t known = value;
  texts_.pop_back();
  return known;
}

FieldType text_type(std::string name, bool plain) {
  if (plain) return {std::move(name), "U", ""};
  return {std::move(name), "i", "u"};
}

std::shared_ptr<const ArrayData> text_array(Buffer& codes, const TextDictionary& dictionary, bool plain) {
  auto data = std::make_shared<ArrayData>();
  const std::size_t rows = codes.size() / sizeof(std::int32_t);
  data->length = static_cast<std::int64_t>(rows);
  auto* code = codes.as<std::int32_t>();
  data->null_count = std::count_if(code, code + rows, [](std::int32_t c) { return c < 0; });
  data->buffers.push_back(validity(rows, data->null_count, [code](std::size_t i) { return code[i] >= 0; }));
  if (plain) {
    expand(codes, dictionary, *data);
    return data;
  }
  if (data->null_count != 0) std::replace(code, code + rows, kNull, 0);
  data->buffers.push_back(shared(std::move(codes)));
  data->dictionary = values(dictionary);
  return data;
}

std::shared_ptr<const ArrayData> null_text_array(std::int64_t rows, bool plain) {
  const auto count = static_cast<std::size_t>(rows);
  auto data = std::make_shared<ArrayData>();
  data->length = data->null_count = rows;
  data->buffers.push_back(shared(Buffer::zeros((count + 7) / 8)));
  if (plain) {
    data->buffers.push_back(shared(Buffer::zeros((count + 1) * sizeof(std::int64_t))));
    data->buffers.push_back(shared({}));
  } else {
    data->buffers.push_back(shared(Buffer::zeros(count * sizeof(std::int32_t))));
    data->dictionary = values({});
  }
  return data;
}

}  // namespace pcapml::python
