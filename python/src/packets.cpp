// SPDX-License-Identifier: Apache-2.0
#include "packets.h"

#include <functional>

#include "errors.h"
#include "format/block.h"
#include "pcapml/cursor.h"
#include "text.h"

namespace nb = nanobind;

namespace pcapml::python {
namespace {

nb::handle packet_type;

nb::object or_none(const std::string* text) {
  return text == nullptr ? nb::none() : nb::object(to_str(*text));
}

nb::object or_none(const std::string& text) { return text.empty() ? nb::none() : nb::object(to_str(text)); }

nb::bytes data_of(const Packet& packet) {
  const Bytes data = packet.stored().data();
  return nb::bytes(data.data(), data.size());
}

/// The label's comment; without a label the first one.
nb::object comment_of(const Packet& packet) {
  const PacketLabel found = packet.label();
  if (found.label) return to_str(found.comment);
  const auto first = packet.stored().options().find(kComment);
  return first ? nb::object(to_str(first->text())) : nb::none();
}

nb::list comments_of(const Packet& packet) {
  nb::list comments;
  for (const Option& option : packet.stored().options())
    if (option.code == kComment) comments.append(to_str(option.text()));
  return comments;
}

template <class Use>
nb::object of_label(const Packet& packet, Use use) {
  const PacketLabel found = packet.label();
  if (!found.label) return nb::none();
  return use(*found.label);
}

nb::object process_of(const Packet& packet) {
  const StoredPacket& stored = packet.stored();
  const auto option = stored.options().find(kPacketProcessThread);
  if (!option) return nb::none();
  Cursor ids(option->value, stored.order);
  const std::uint32_t pid = ids.u32();
  const std::uint32_t thread = ids.u32();
  if (!ids.ok()) return nb::none();
  nb::dict known;
  known["pid"] = pid;
  known["thread"] = thread;
  if (const auto info = packet.batch->file()->process(stored.section, pid, stored.timestamp_ns)) {
    known["name"] = or_none(info->name);
    known["path"] = or_none(info->path);
    known["parent"] = info->parent ? nb::object(nb::int_(*info->parent)) : nb::none();
    known["uid"] = info->uid ? nb::object(nb::int_(*info->uid)) : nb::none();
    known["user"] = or_none(info->user);
    known["cgroup"] = or_none(info->cgroup);
    known["build_id"] = or_none(info->build_id);
    if (info->start_time_ns != 0) known["start_time_ns"] = info->start_time_ns;
    nb::list arguments;
    for (std::string_view rest = info->command_line; !rest.empty();) {
      const std::string_view argument = rest.substr(0, rest.find('\0'));
      arguments.append(to_str(argument));
      rest.remove_prefix(std::min(argument.size() + 1, rest.size()));
    }
    known["arguments"] = nb::tuple(arguments);
  }
  return nb::module_::import_("pcapml._process").attr("Process")(**known);
}

int get_buffer(PyObject* self, Py_buffer* view, int flags) {
  const Bytes data = nb::inst_ptr<Packet>(self)->stored().data();
  // Nobody writes into a read-only buffer.
  return PyBuffer_FillInfo(view, self, const_cast<std::byte*>(data.data()),
                           static_cast<Py_ssize_t>(data.size()), 1, flags);
}

nb::object view_of(nb::handle self) { return nb::steal(PyMemoryView_FromObject(self.ptr())); }

nb::str show(const Packet& packet) {
  const StoredPacket& stored = packet.stored();
  return nb::str("<pcapml.Packet timestamp_ns={} length={} comment={!r}>")
      .format(stored.timestamp_ns, stored.original_length, comment_of(packet));
}

nb::object item(const Packets& packets, Py_ssize_t i) {
  if (i < 0) i += packets.count;
  if (i < 0 || i >= packets.count) throw nb::index_error("no such packet");
  PyObject* made = new_packet(packets.batch, static_cast<std::size_t>(packets.first + i * packets.step));
  if (made == nullptr) throw nb::python_error();
  return nb::steal(made);
}

Packets slice(const Packets& packets, const nb::slice& wanted) {
  const auto [start, stop, step, length] = wanted.compute(static_cast<std::size_t>(packets.count));
  static_cast<void>(stop);
  Packets part = packets;
  part.first = packets.first + start * packets.step;
  part.step = packets.step * step;
  part.count = static_cast<Py_ssize_t>(length);
  return part;
}

struct PacketsIterator {
  Packets packets;
  Py_ssize_t next = 0;
};

PyObject* iterate(PyObject* self) noexcept {
  auto& at = *nb::inst_ptr<PacketsIterator>(self);
  if (at.next >= at.packets.count) return nullptr;
  const Py_ssize_t index = at.packets.first + at.next++ * at.packets.step;
  return new_packet(at.packets.batch, static_cast<std::size_t>(index));
}

template <class Function>
void* slot(Function* function) {
  return reinterpret_cast<void*>(function);
}

}  // namespace

PyObject* new_packet(const std::shared_ptr<const PacketBatch>& batch, std::size_t index) noexcept {
  try {
    nb::object self = nb::inst_alloc(packet_type);
    new (nb::inst_ptr<Packet>(self)) Packet{batch, index};
    nb::inst_mark_ready(self);
    return self.release().ptr();
  } catch (...) {
    set_python_error(std::current_exception());
    return nullptr;
  }
}

nb::dict fields_of(const Label& label) {
  nb::dict fields;
  for (const auto& [name, value] : label.fields) {
    const nb::str key = to_str(name);
    if (!fields.contains(key)) fields[key] = to_str(value);
  }
  return fields;
}

const std::string* direction_of(const Label& label) {
  for (const auto& [name, value] : label.fields)
    if (name == "d" || name == "dir") return &value;
  return nullptr;
}

void bind_packets(nb::module_& module) {
  PyType_Slot packet_slots[] = {{Py_bf_getbuffer, slot(get_buffer)}, {0, nullptr}};
  auto packet = nb::class_<Packet>(module, "Packet", nb::type_slots(packet_slots));
  packet_type = packet;
  packet
      .def_prop_ro("timestamp",
                   [](const Packet& p) { return static_cast<double>(p.stored().timestamp_ns) / 1e9; })
      .def_prop_ro("timestamp_ns", [](const Packet& p) { return p.stored().timestamp_ns; })
      .def_prop_ro("has_timestamp", [](const Packet& p) { return p.stored().has_timestamp; })
      .def_prop_ro("ts", [](const Packet& p) { return p.stored().timestamp_ns / 1000; })
      .def_prop_ro("raw_bytes", data_of)
      .def_prop_ro("data", data_of)
      .def_prop_ro("view", view_of)
      .def_prop_ro("length", [](const Packet& p) { return p.stored().original_length; })
      .def_prop_ro("captured_length", [](const Packet& p) { return p.stored().captured; })
      .def_prop_ro("link_type", [](const Packet& p) { return p.stored().link_type; })
      .def_prop_ro("comment", comment_of)
      .def_prop_ro("comments", comments_of)
      .def_prop_ro("sid",
                   [](const Packet& p) {
                     return of_label(p, [](const LabelView& label) {
                       return to_sample_number(canonical_sample_id(label.sample_id));
                     });
                   })
      .def_prop_ro("sample_id",
                   [](const Packet& p) {
                     return of_label(p, [](const LabelView& label) {
                       return nb::object(to_str(canonical_sample_id(label.sample_id)));
                     });
                   })
      .def_prop_ro("label",
                   [](const Packet& p) {
                     return of_label(p, [](const LabelView& label) {
                       std::string scratch;
                       return nb::object(to_str(label_name(label, scratch)));
                     });
                   })
      .def_prop_ro("metadata",
                   [](const Packet& p) {
                     return of_label(
                         p, [](const LabelView& label) { return nb::object(to_str(label.metadata)); });
                   })
      .def_prop_ro("fields",
                   [](const Packet& p) {
                     const PacketLabel found = p.label();
                     return found.label ? fields_of(decode_label(*found.label)) : nb::dict();
                   })
      .def_prop_ro("direction",
                   [](const Packet& p) {
                     return of_label(p, [](const LabelView& label) {
                       return or_none(direction_of(decode_label(label)));
                     });
                   })
      .def_prop_ro("dst",
                   [](const Packet& p) {
                     return of_label(
                         p, [](const LabelView& label) { return or_none(decode_label(label).field("dst")); });
                   })
      .def_prop_ro("process", process_of)
      .def_prop_ro("path", [](const Packet& p) { return to_path(p.batch->file()->path()); })
      .def("__len__", [](const Packet& p) { return p.stored().captured; })
      .def("__bytes__", data_of)
      .def(
          "__eq__", [](const Packet& a, const Packet& b) { return a.batch == b.batch && a.index == b.index; },
          nb::is_operator())
      .def("__hash__", [](const Packet& p) { return std::hash<const void*>()(&p.stored()); })
      .def("__repr__", show);

  PyType_Slot iterator_slots[] = {
      {Py_tp_iter, slot(PyObject_SelfIter)}, {Py_tp_iternext, slot(iterate)}, {0, nullptr}};
  const nb::class_<PacketsIterator> iterator(module, "PacketsIterator", nb::type_slots(iterator_slots));
  nb::class_<Packets>(module, "Packets")
      .def("__len__", [](const Packets& packets) { return packets.count; })
      .def("__getitem__", item)
      .def("__getitem__", slice)
      .def("__iter__", [](const Packets& packets) { return PacketsIterator{packets}; });
}

}  // namespace pcapml::python
