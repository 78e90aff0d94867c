// SPDX-License-Identifier: Apache-2.0
#include "arrow_export.h"

namespace pcapml::python {
namespace {

/// What an exported struct owns. Children may be moved out by the consumer, so each owns its own.
struct SchemaOwner {
  std::string format, name;
  std::vector<ArrowSchema> children;
  std::vector<ArrowSchema*> pointers;
  ArrowSchema dictionary{};
};

struct ArrayOwner {
  std::shared_ptr<const ArrayData> data;
  std::vector<const void*> buffers;
  std::vector<ArrowArray> children;
  std::vector<ArrowArray*> pointers;
  ArrowArray dictionary{};
};

template <class Struct, class Owner>
void release(Struct* exported) {
  for (std::int64_t i = 0; i < exported->n_children; ++i)
    if (Struct* child = exported->children[i]; child->release != nullptr) child->release(child);
  if (exported->dictionary != nullptr && exported->dictionary->release != nullptr)
    exported->dictionary->release(exported->dictionary);
  delete static_cast<Owner*>(exported->private_data);
  exported->release = nullptr;
}

SchemaOwner& begin_schema(std::string format, std::string name, ArrowSchema* out) {
  auto* owner = new SchemaOwner{std::move(format), std::move(name), {}, {}, {}};
  *out = {.format = owner->format.c_str(),
          .name = owner->name.c_str(),
          .metadata = nullptr,
          .flags = kArrowFlagNullable,
          .n_children = 0,
          .children = nullptr,
          .dictionary = nullptr,
          .release = release<ArrowSchema, SchemaOwner>,
          .private_data = owner};
  return *owner;
}

void export_field(const FieldType& field, ArrowSchema* out) {
  SchemaOwner& owner = begin_schema(field.format, field.name, out);
  if (field.dictionary.empty()) return;
  begin_schema(field.dictionary, "", &owner.dictionary);
  out->dictionary = &owner.dictionary;
}

ArrayOwner& begin_array(std::int64_t length, std::int64_t null_count, ArrowArray* out) {
  auto* owner = new ArrayOwner;
  *out = {.length = length,
          .null_count = null_count,
          .offset = 0,
          .n_buffers = 0,
          .n_children = 0,
          .buffers = nullptr,
          .children = nullptr,
          .dictionary = nullptr,
          .release = release<ArrowArray, ArrayOwner>,
          .private_data = owner};
  return *owner;
}

void export_array(const std::shared_ptr<const ArrayData>& data, ArrowArray* out) {
  // Buffers of length 0 need an address all the same.
  static constexpr std::uint64_t kNothing[2] = {};
  ArrayOwner& owner = begin_array(data->length, data->null_count, out);
  owner.data = data;
  for (std::size_t i = 0; i < data->buffers.size(); ++i) {
    const Buffer* buffer = data->buffers[i].get();
    const void* address = buffer == nullptr ? nullptr : buffer->data();
    owner.buffers.push_back(address == nullptr && i > 0 ? kNothing : address);
  }
  out->n_buffers = static_cast<std::int64_t>(owner.buffers.size());
  out->buffers = owner.buffers.data();
  if (!data->dictionary) return;
  export_array(data->dictionary, &owner.dictionary);
  out->dictionary = &owner.dictionary;
}

template <class Struct, class Owner, class Items, class Export>
void export_children(Struct* out, Owner& owner, const Items& items, Export each) {
  owner.children.resize(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    each(items[i], &owner.children[i]);
    owner.pointers.push_back(&owner.children[i]);
  }
  out->children = owner.pointers.data();
  out->n_children = static_cast<std::int64_t>(items.size());
}

}  // namespace

void export_schema(const std::vector<FieldType>& fields, ArrowSchema* out) {
  SchemaOwner& owner = begin_schema("+s", "", out);
  out->flags = 0;
  export_children(out, owner, fields, export_field);
}

void export_batch(const RecordBatch& batch, ArrowArray* out) {
  ArrayOwner& owner = begin_array(batch.rows, 0, out);
  owner.buffers.push_back(nullptr);
  out->n_buffers = 1;
  out->buffers = owner.buffers.data();
  export_children(out, owner, batch.columns, export_array);
}

}  // namespace pcapml::python
