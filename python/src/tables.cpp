// SPDX-License-Identifier: Apache-2.0
#include "tables.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cerrno>

#include "errors.h"
#include "exclusive.h"
#include "packets.h"
#include "readers.h"
#include "table_builder.h"
#include "text.h"

namespace nb = nanobind;

namespace pcapml::python {
namespace {

/// How many rows are read until Python may say that a signal came.
constexpr std::int64_t kRowsBetweenSignals = 100'000;

/// Rows of a stream, in batches. One thread at a time; without the GIL.
class TableReader {
 public:
  TableReader(std::vector<Input> inputs, StreamOptions stream, TableOptions table, std::int64_t rows)
      : stream_(std::move(inputs), stream),
        builder_(std::move(table)),
        rows_(rows),
        fields_(builder_.fields()) {}

  /// Reads on until a batch is full, or the input ends, but at most so many rows; false where it is to be
  /// called again.
  bool advance(std::int64_t most) {
    for (std::int64_t n = 0; n < most; ++n) {
      if (ended_ || builder_.rows() == rows_) return true;
      try {
        if (const PacketView* packet = stream_.next()) {
          builder_.add(packet->timestamp_ns, packet->has_timestamp, packet->original_length, packet->data,
                       packet->options, stream_.interface(*packet).link_type, stream_.file());
          continue;
        }
      } catch (...) {
        error_ = std::current_exception();
      }
      ended_ = true;
    }
    return false;
  }

  /// After advance(): the batch; without rows at the end. Throws what stopped the reading, after all rows.
  RecordBatch take() {
    if (builder_.rows() == 0 && error_) std::rethrow_exception(std::exchange(error_, nullptr));
    return builder_.finish();
  }
  /// After advance() without a limit of rows: the whole table, and the pieces of its column `raw`. Throws
  /// what stopped the reading.
  std::pair<RecordBatch, std::vector<RecordBatch>> take_all() {
    if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
    std::vector<RecordBatch> raw = builder_.take_raw();
    return {builder_.finish(), std::move(raw)};
  }
  /// From now on the keys of the comments so far are all.
  void settle() {
    builder_.settle();
    fields_ = builder_.fields();
  }
  const std::vector<FieldType>& fields() const { return fields_; }

  PacketStream& stream() { return stream_; }
  bool& busy() { return busy_; }

 private:
  PacketStream stream_;
  TableBuilder builder_;
  std::int64_t rows_;
  std::vector<FieldType> fields_;
  std::exception_ptr error_;
  bool ended_ = false;
  bool busy_ = false;
};

template <class Struct>
void release_capsule(PyObject* capsule) noexcept {
  auto* exported = static_cast<Struct*>(PyCapsule_GetPointer(capsule, PyCapsule_GetName(capsule)));
  if (exported->release != nullptr) exported->release(exported);
  delete exported;
}

template <class Struct>
nb::object capsule_of(Struct* exported, const char* name) {
  PyObject* made = PyCapsule_New(exported, name, release_capsule<Struct>);
  if (made == nullptr) throw nb::python_error();
  return nb::steal(made);
}

nb::object schema_capsule(const std::vector<FieldType>& fields) {
  auto* exported = new ArrowSchema{};
  nb::object capsule = capsule_of(exported, "arrow_schema");
  export_schema(fields, exported);
  return capsule;
}

nb::object array_capsule(const RecordBatch& batch) {
  auto* exported = new ArrowArray{};
  nb::object capsule = capsule_of(exported, "arrow_array");
  export_batch(batch, exported);
  return capsule;
}

void fill(TableReader& reader) {
  bool full = false;
  while (!full) {
    check_signals();
    const nb::gil_scoped_release unlocked;
    full = reader.advance(kRowsBetweenSignals);
  }
  warn_of_damage(reader.stream());
}

RecordBatch next_batch(TableReader& reader) {
  const Exclusive alone(reader.busy());
  fill(reader);
  const nb::gil_scoped_release unlocked;
  return reader.take();
}

PyObject* iterate(PyObject* self) noexcept {
  try {
    RecordBatch batch = next_batch(*nb::inst_ptr<TableReader>(self));
    if (batch.rows == 0) return nullptr;
    return nb::cast(std::move(batch)).release().ptr();
  } catch (...) {
    set_python_error(std::current_exception());
    return nullptr;
  }
}

/// A stream for consumers, which may call it from any thread, with the GIL or without.
struct StreamOwner {
  std::shared_ptr<PythonStream> reader;  // keeps the TableReader alive
  TableReader* table;
  std::string error;

  template <class Work>
  int guarded(Work work) noexcept {
    try {
      work();
      return 0;
    } catch (const std::bad_alloc&) {
      error = "out of memory";
      return ENOMEM;
    } catch (const std::exception& failure) {
      error = failure.what();
      return EIO;
    }
  }
};

StreamOwner& owner_of(ArrowArrayStream* stream) { return *static_cast<StreamOwner*>(stream->private_data); }

/// The reader is the stream's from then on: it may be used without the GIL.
nb::object stream_capsule(nb::handle self) {
  auto& reader = *nb::inst_ptr<TableReader>(self);
  if (std::exchange(reader.busy(), true))
    throw nb::value_error("these packets are read by somebody else already");
  auto* exported = new ArrowArrayStream{};
  nb::object capsule = capsule_of(exported, "arrow_array_stream");
  exported->private_data =
      new StreamOwner{std::make_shared<PythonStream>(nb::borrow(self)), nb::inst_ptr<TableReader>(self), {}};
  exported->get_schema = [](ArrowArrayStream* stream, ArrowSchema* out) {
    StreamOwner& owner = owner_of(stream);
    return owner.guarded([&] { export_schema(owner.table->fields(), out); });
  };
  exported->get_next = [](ArrowArrayStream* stream, ArrowArray* out) {
    StreamOwner& owner = owner_of(stream);
    return owner.guarded([&] {
      while (!owner.table->advance(kRowsBetweenSignals)) {
      }
      const RecordBatch batch = owner.table->take();
      *out = {};
      if (batch.rows != 0) export_batch(batch, out);
    });
  };
  exported->get_last_error = [](ArrowArrayStream* stream) { return owner_of(stream).error.c_str(); };
  exported->release = [](ArrowArrayStream* stream) {
    delete static_cast<StreamOwner*>(stream->private_data);
    stream->release = nullptr;
  };
  return capsule;
}

RecordBatch columns_of(const Packets& packets, TableOptions options) {
  TableBuilder builder(std::move(options));
  for (Py_ssize_t i = 0; i < packets.count; ++i) builder.add(packets[i], packets.batch->file());
  return builder.finish();
}

/// One packet of Sample.to_numpy(); pcapml._frames.PACKET is the same layout.
struct PacketFacts {
  std::int64_t timestamp_ns;
  std::uint32_t length, captured_length;
  std::uint16_t source_port, destination_port;
  std::uint8_t protocol;
  std::int8_t direction;
  std::uint16_t nothing;
};
static_assert(sizeof(PacketFacts) == 24);

std::int8_t direction_number(const OptionsView& options) {
  const PacketLabel found = find_label(options);
  if (!found.label) return 0;
  const char direction = decode_label(*found.label).direction();
  return static_cast<std::int8_t>(direction == 'e' ? 1 : direction == 'i' ? -1 : 0);
}

nb::bytes facts_of(const Packets& packets) {
  std::vector<PacketFacts> facts;
  facts.reserve(static_cast<std::size_t>(packets.count));
  for (Py_ssize_t i = 0; i < packets.count; ++i) {
    const StoredPacket& packet = packets[i];
    FlowKey flow;
    if (const auto outer = parse_headers(packet.link_type, packet.data()))
      flow = innermost_headers(*outer, packet.data()).flow;
    facts.push_back({packet.timestamp_ns, packet.original_length, packet.captured, flow.source_port,
                     flow.destination_port, flow.protocol, direction_number(packet.options()), 0});
  }
  return nb::bytes(facts.data(), facts.size() * sizeof(PacketFacts));
}

/// All keys of comments that get columns of their own, in order of appearance.
std::vector<std::string> keys_of(std::vector<Input> inputs, const StreamOptions& options) {
  PacketStream stream(std::move(inputs), options);
  LabelColumns labels;
  bool more = true;
  while (more) {
    check_signals();
    const nb::gil_scoped_release unlocked;
    for (std::int64_t n = 0; more && n < kRowsBetweenSignals; ++n) {
      const PacketView* packet = stream.next();
      more = packet != nullptr;
      if (more) labels.number_of(packet->options);
    }
    labels.forget_comments();
  }
  return labels.keys();
}

}  // namespace

void bind_tables(nb::module_& module) {
  nb::class_<RecordBatch>(module, "ColumnBatch")
      .def("__len__", [](const RecordBatch& batch) { return batch.rows; })
      .def("__arrow_c_schema__", [](const RecordBatch& batch) { return schema_capsule(batch.fields); })
      .def(
          "__arrow_c_array__",
          [](const RecordBatch& batch, const nb::object&) {
            return nb::make_tuple(schema_capsule(batch.fields), array_capsule(batch));
          },
          nb::arg("requested_schema") = nb::none());

  PyType_Slot slots[] = {{Py_tp_iter, reinterpret_cast<void*>(PyObject_SelfIter)},
                         {Py_tp_iternext, reinterpret_cast<void*>(iterate)},
                         {0, nullptr}};
  nb::class_<TableReader>(module, "TableReader", nb::type_slots(slots))
      .def(
          "__init__",
          [](TableReader* self, const nb::list& inputs, const std::string& on_error,
             const std::string& legacy_timestamps, std::optional<std::vector<std::string>> columns,
             std::optional<std::vector<std::string>> keys, bool include_raw, bool plain_text,
             std::int64_t rows) {
            if (rows == 0) throw nb::value_error("a batch has at least one row");
            auto made = inputs_of(inputs);
            const StreamOptions options = options_of(on_error, legacy_timestamps);
            const bool several = made.size() > 1;
            TableOptions table{std::move(columns), std::move(keys), include_raw, several,
                               plain_text,         rows < 0};
            const nb::gil_scoped_release unlocked;
            new (self) TableReader(std::move(made), options, std::move(table), rows);
          },
          nb::arg("inputs"), nb::arg("on_error"), nb::arg("legacy_timestamps"), nb::arg("columns").none(),
          nb::arg("keys").none(), nb::arg("include_raw"), nb::arg("plain_text"), nb::arg("rows"))
      .def("read",
           [](TableReader& reader) {
             const Exclusive alone(reader.busy());
             fill(reader);
             std::pair<RecordBatch, std::vector<RecordBatch>> all;
             {
               const nb::gil_scoped_release unlocked;
               all = reader.take_all();
             }
             nb::list raw;
             for (RecordBatch& piece : all.second) raw.append(nb::cast(std::move(piece)));
             return nb::make_tuple(nb::cast(std::move(all.first)), raw);
           })
      .def("settle",
           [](TableReader& reader) {
             const Exclusive alone(reader.busy());
             fill(reader);
             reader.settle();
           })
      .def("__arrow_c_schema__", [](const TableReader& reader) { return schema_capsule(reader.fields()); })
      .def(
          "__arrow_c_stream__", [](nb::handle self, const nb::object&) { return stream_capsule(self); },
          nb::arg("requested_schema") = nb::none())
      .def("close", [](TableReader& reader) {
        const Exclusive alone(reader.busy());
        reader.stream().close();
      });

  module.def(
      "columns_of",
      [](const Packets& packets, bool include_raw, bool plain_text) {
        return columns_of(packets, {{}, {}, include_raw, false, plain_text, false});
      },
      nb::arg("packets"), nb::arg("include_raw"), nb::arg("plain_text"));
  module.def("facts_of", facts_of, nb::arg("packets"));
  module.def(
      "keys_of",
      [](const nb::list& inputs, const std::string& on_error, const std::string& legacy_timestamps) {
        return keys_of(inputs_of(inputs), options_of(on_error, legacy_timestamps));
      },
      nb::arg("inputs"), nb::arg("on_error"), nb::arg("legacy_timestamps"));
}

}  // namespace pcapml::python
