// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nanobind/nanobind.h>

#include <memory>
#include <optional>

#include "label/packet_label.h"
#include "packet_batch.h"

namespace pcapml::python {

/// Python's Packet: a place in a batch, which it keeps alive.
struct Packet {
  std::shared_ptr<const PacketBatch> batch;
  std::size_t index = 0;

  const StoredPacket& stored() const { return batch->packets()[index]; }
  PacketLabel label() const { return find_label(stored().options()); }
};

/// Python's sequence of packets: some of a batch, at even distances.
struct Packets {
  std::shared_ptr<const PacketBatch> batch;
  Py_ssize_t first = 0, step = 1, count = 0;

  explicit Packets(std::shared_ptr<const PacketBatch> all)
      : batch(std::move(all)), count(static_cast<Py_ssize_t>(batch->packets().size())) {}
  const StoredPacket& operator[](Py_ssize_t i) const {
    return batch->packets()[static_cast<std::size_t>(first + i * step)];
  }
};

/// A new Packet; nullptr with Python's error set. Faster than nb::cast.
PyObject* new_packet(const std::shared_ptr<const PacketBatch>& batch, std::size_t index) noexcept;

/// `key=value` pairs as a dict; the first of a key counts.
nanobind::dict fields_of(const Label& label);

/// The value of the first direction field, as the file has it.
const std::string* direction_of(const Label& label);

void bind_packets(nanobind::module_& module);

}  // namespace pcapml::python
