// SPDX-License-Identifier: Apache-2.0
#include <unordered_map>
#include <unordered_set>

#include "errors.h"
#include "exclusive.h"
#include "net/open_table.h"
#include "packets.h"
#include "pcapml/error.h"
#include "readers.h"
#include "text.h"

namespace nb = nanobind;

namespace pcapml::python {
namespace {

/// How many packets are read until Python may say that a signal came.
constexpr std::size_t kPacketsBetweenSignals = 100'000;

/// Python's Sample. All packets of the batch belong to it.
struct Sample {
  std::shared_ptr<PacketBatch> batch;
  std::string sample_id;  ///< canonical digits

  LabelView label() const { return *find_label(batch->packets().front().options()).label; }
};

/// Sample ids that were seen, of one input. The ids of most datasets fit 64 bits.
class SeenIds {
 public:
  /// False where it was seen before.
  bool add(const std::string& id) {
    if (id.size() > 19) return long_.insert(id).second;
    std::uint64_t number = 0;
    for (const char digit : id) number = number * 10 + static_cast<std::uint64_t>(digit - '0');
    return short_.find_or_add(number).added;
  }

 private:
  OpenTable<std::uint64_t, char> short_;
  std::unordered_set<std::string> long_;
};

/// Python's iterator over the samples of its inputs.
class Sampler {
 public:
  Sampler(std::vector<Input> inputs, StreamOptions options, bool gather)
      : stream_(std::move(inputs), options), gather_(gather) {}

  /// The next sample; nullopt at the end.
  std::optional<Sample> next() {
    const Exclusive alone(busy_);
    Progress progress = Progress::more;
    while (progress == Progress::more) {
      check_signals();
      const nb::gil_scoped_release unlocked;
      progress = advance();
    }
    warn_of_damage(stream_);
    if (ready_) return std::exchange(ready_, std::nullopt);
    if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
    return std::nullopt;
  }

  void close() {
    const Exclusive alone(busy_);
    stream_.close();
    current_.reset();
    gathered_.clear();
    error_ = nullptr;
  }

  std::uint64_t unlabeled() const { return unlabeled_; }

 private:
  enum class Progress { more, done };

  Progress advance() {
    for (std::size_t n = 0; n < kPacketsBetweenSignals && !ended_; ++n) {
      try {
        const PacketView* packet = stream_.next();
        if (packet == nullptr) {
          ended_ = true;
        } else if (take(*packet)) {
          return Progress::done;
        }
      } catch (...) {
        error_ = std::current_exception();
        ended_ = true;
      }
    }
    if (!ended_) return Progress::more;
    if (current_) ready_ = std::exchange(current_, std::nullopt);
    if (!ready_ && given_ < gathered_.size()) ready_ = std::move(gathered_[given_++]);
    return Progress::done;
  }

  /// True where a sample is complete.
  bool take(const PacketView& packet) {
    const PacketLabel found = find_label(packet.options);
    if (!found.label) {
      ++unlabeled_;
      return false;
    }
    const std::string_view id = canonical_sample_id(found.label->sample_id);
    if (gather_) {
      add_gathered(packet, id);
      return false;
    }
    if (current_ && current_->sample_id == id && current_->batch->file() == stream_.file()) {
      current_->batch->add(packet, stream_.interface(packet));
      return false;
    }
    if (current_) ready_ = std::exchange(current_, std::nullopt);
    begin(id);
    current_->batch->add(packet, stream_.interface(packet));
    return ready_.has_value();
  }

  void begin(std::string_view id) {
    const auto& file = stream_.file();
    if (seen_of_ != file) {
      seen_ = {};
      seen_of_ = file;
    }
    std::string digits(id);
    if (!seen_.add(digits))
      throw DataError(file->path() + ": sample " + digits +
                      " goes on after other samples; sort the capture first (pcapml sort -i IN -o OUT, or "
                      "pcapml.sort(IN, OUT)), or ask for group=\"any\"");
    current_ = Sample{std::make_shared<PacketBatch>(file), std::move(digits)};
  }

  void add_gathered(const PacketView& packet, std::string_view id) {
    if (seen_of_ != stream_.file()) {
      places_.clear();
      seen_of_ = stream_.file();
    }
    const auto [place, added] = places_.try_emplace(std::string(id), gathered_.size());
    if (added) gathered_.push_back({std::make_shared<PacketBatch>(stream_.file()), place->first});
    gathered_[place->second].batch->add(packet, stream_.interface(packet));
  }

  PacketStream stream_;
  bool gather_;
  bool busy_ = false;
  bool ended_ = false;
  std::uint64_t unlabeled_ = 0;
  std::optional<Sample> current_;  // not complete
  std::optional<Sample> ready_;
  SeenIds seen_;
  std::shared_ptr<CaptureFile> seen_of_;
  std::unordered_map<std::string, std::size_t> places_;  // in gathered_, of the input in hand
  std::vector<Sample> gathered_;
  std::size_t given_ = 0;
  std::exception_ptr error_;
};

PyObject* next_sample(PyObject* self) noexcept {
  try {
    auto sample = nb::inst_ptr<Sampler>(self)->next();
    if (!sample) return nullptr;
    return nb::cast(*std::move(sample)).release().ptr();
  } catch (...) {
    set_python_error(std::current_exception());
    return nullptr;
  }
}

/// Each key with the first value that a packet has.
nb::dict fields_of_sample(const Sample& sample) {
  nb::dict fields;
  std::string last;
  for (const StoredPacket& packet : sample.batch->packets()) {
    const PacketLabel found = find_label(packet.options());
    if (found.comment == last) continue;
    last = found.comment;
    for (const auto& [name, value] : fields_of(decode_label(*found.label)))
      if (!fields.contains(name)) fields[name] = value;
  }
  return fields;
}

/// Of the input among several; of the only one what its label says.
nb::object session_of(const Sample& sample) {
  if (const std::string& session = sample.batch->file()->session(); !session.empty()) return to_path(session);
  const std::string* named = nullptr;
  const Label label = decode_label(sample.label());
  named = label.field("session");
  return named == nullptr ? nb::none() : nb::object(to_str(*named));
}

nb::str show(const Sample& sample) {
  std::string scratch;
  return nb::str("<pcapml.Sample sid={} label={!r} packets={}>")
      .format(to_str(sample.sample_id), to_str(label_name(sample.label(), scratch)),
              sample.batch->packets().size());
}

}  // namespace

void bind_sampler(nb::module_& module) {
  nb::class_<Sample>(module, "Sample")
      .def_prop_ro("sid", [](const Sample& s) { return to_sample_number(s.sample_id); })
      .def_prop_ro("sample_id", [](const Sample& s) { return to_str(s.sample_id); })
      .def_prop_ro("label",
                   [](const Sample& s) {
                     std::string scratch;
                     return to_str(label_name(s.label(), scratch));
                   })
      .def_prop_ro("metadata", [](const Sample& s) { return to_str(s.label().metadata); })
      .def_prop_ro("fields", fields_of_sample)
      .def_prop_ro("session", session_of)
      .def_prop_ro("path", [](const Sample& s) { return to_path(s.batch->file()->path()); })
      .def_prop_ro("packets", [](const Sample& s) { return Packets(s.batch); })
      .def_prop_ro(
          "df",
          [](nb::handle self) { return nb::module_::import_("pcapml._frames").attr("sample_frame")(self); })
      .def("to_numpy",
           [](nb::handle self) { return nb::module_::import_("pcapml._frames").attr("sample_array")(self); })
      .def("__len__", [](const Sample& s) { return s.batch->packets().size(); })
      .def("__repr__", show);

  PyType_Slot slots[] = {{Py_tp_iter, reinterpret_cast<void*>(PyObject_SelfIter)},
                         {Py_tp_iternext, reinterpret_cast<void*>(next_sample)},
                         {0, nullptr}};
  nb::class_<Sampler>(module, "Sampler", nb::type_slots(slots))
      .def(
          "__init__",
          [](Sampler* self, const nb::list& inputs, const std::string& on_error,
             const std::string& legacy_timestamps, bool gather) {
            auto made = inputs_of(inputs);
            const StreamOptions options = options_of(on_error, legacy_timestamps);
            const nb::gil_scoped_release unlocked;
            new (self) Sampler(std::move(made), options, gather);
          },
          nb::arg("inputs"), nb::arg("on_error"), nb::arg("legacy_timestamps"), nb::arg("gather"))
      .def_prop_ro("unlabeled", &Sampler::unlabeled)
      .def("close", &Sampler::close)
      .def("__enter__", [](nb::handle self) { return nb::borrow(self); })
      .def("__exit__", [](Sampler& self, const nb::args&) { self.close(); });
}

}  // namespace pcapml::python
