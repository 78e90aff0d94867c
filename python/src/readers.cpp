// SPDX-License-Identifier: Apache-2.0
#include "readers.h"

#include "errors.h"
#include "exclusive.h"
#include "packets.h"
#include "text.h"

namespace nb = nanobind;

namespace pcapml::python {
namespace {

// A packet that is kept keeps its batch, so it is not larger than speed needs.
constexpr std::size_t kBatchBytes = std::size_t{128} << 10;
constexpr std::size_t kBatchPackets = 1024;

/// Python's iterator over the packets of its inputs.
class PacketReader {
 public:
  PacketReader(std::vector<Input> inputs, StreamOptions options) : stream_(std::move(inputs), options) {}

  PyObject* next() {
    while (!batch_ || index_ == batch_->packets().size()) {
      const Exclusive alone(busy_);
      batch_.reset();
      if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
      check_signals();
      std::shared_ptr<PacketBatch> filled;
      {
        const nb::gil_scoped_release unlocked;
        filled = fill();
      }
      warn_of_damage(stream_);
      if (!filled && !error_) return nullptr;
      batch_ = std::move(filled);
      index_ = 0;
    }
    return new_packet(batch_, index_++);
  }

  void close() {
    const Exclusive alone(busy_);
    batch_.reset();
    pending_.reset();
    error_ = nullptr;
    stream_.close();
  }

 private:
  /// The next packets of one input; none at the end. An error waits until they are given out.
  std::shared_ptr<PacketBatch> fill() {
    std::shared_ptr<PacketBatch> batch = std::move(pending_);
    try {
      while (const PacketView* packet = stream_.next()) {
        if (!batch) batch = std::make_shared<PacketBatch>(stream_.file());
        if (batch->file() != stream_.file()) {
          pending_ = std::make_shared<PacketBatch>(stream_.file());
          pending_->add(*packet, stream_.interface(*packet));
          break;
        }
        batch->add(*packet, stream_.interface(*packet));
        if (batch->bytes() >= kBatchBytes || batch->packets().size() >= kBatchPackets) break;
      }
    } catch (...) {
      error_ = std::current_exception();
    }
    return batch;
  }

  PacketStream stream_;
  std::shared_ptr<const PacketBatch> batch_;
  std::shared_ptr<PacketBatch> pending_;  // begun, because its input is another one
  std::size_t index_ = 0;
  std::exception_ptr error_;
  bool busy_ = false;
};

PyObject* next_packet(PyObject* self) noexcept {
  try {
    return nb::inst_ptr<PacketReader>(self)->next();
  } catch (...) {
    set_python_error(std::current_exception());
    return nullptr;
  }
}

}  // namespace

std::vector<Input> inputs_of(const nb::list& inputs) {
  std::vector<Input> made;
  for (const nb::handle entry : inputs) {
    const auto path = nb::cast<nb::bytes>(entry[0]);
    const auto session = nb::cast<nb::bytes>(entry[1]);
    Input input{
        .path = {path.c_str(), path.size()}, .session = {session.c_str(), session.size()}, .stream = {}};
    const nb::object stream = entry[2];
    if (!stream.is_none()) input.stream = std::make_shared<PythonStream>(stream);
    made.push_back(std::move(input));
  }
  return made;
}

StreamOptions options_of(const std::string& on_error, const std::string& legacy_timestamps) {
  StreamOptions options;
  if (on_error != "raise" && on_error != "warn") throw nb::value_error("on_error is 'raise' or 'warn'");
  options.keep_damaged = on_error == "warn";
  if (legacy_timestamps == "yes") {
    options.reader.legacy_timestamps = LegacyTimestamps::yes;
  } else if (legacy_timestamps == "no") {
    options.reader.legacy_timestamps = LegacyTimestamps::no;
  } else if (legacy_timestamps != "detect") {
    throw nb::value_error("legacy_timestamps is 'detect', 'yes' or 'no'");
  }
  return options;
}

void warn_of_damage(PacketStream& stream) {
  for (const std::string& damage : stream.take_damage()) {
    const nb::object category = nb::module_::import_("pcapml.errors").attr("FormatWarning");
    nb::module_::import_("warnings").attr("warn")(to_str(damage), category, 2);
  }
}

void bind_packet_reader(nb::module_& module) {
  PyType_Slot slots[] = {{Py_tp_iter, reinterpret_cast<void*>(PyObject_SelfIter)},
                         {Py_tp_iternext, reinterpret_cast<void*>(next_packet)},
                         {0, nullptr}};
  nb::class_<PacketReader>(module, "PacketReader", nb::type_slots(slots))
      .def(
          "__init__",
          [](PacketReader* self, const nb::list& inputs, const std::string& on_error,
             const std::string& legacy_timestamps) {
            auto made = inputs_of(inputs);
            const StreamOptions options = options_of(on_error, legacy_timestamps);
            const nb::gil_scoped_release unlocked;
            new (self) PacketReader(std::move(made), options);
          },
          nb::arg("inputs"), nb::arg("on_error"), nb::arg("legacy_timestamps"))
      .def("close", &PacketReader::close)
      .def("__enter__", [](nb::handle self) { return nb::borrow(self); })
      .def("__exit__", [](PacketReader& self, const nb::args&) { self.close(); });
}

}  // namespace pcapml::python
