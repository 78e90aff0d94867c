// SPDX-License-Identifier: Apache-2.0
#include "bits.h"

#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "errors.h"
#include "packet_matrix.h"
#include "packets.h"

namespace nb = nanobind;

namespace pcapml::python {
namespace {

template <class T>
using Matrix = nb::ndarray<T, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Names = std::vector<std::string>;

constexpr std::size_t kRowsBetweenSignals = 100'000;

/// Packets of one sequence of Python's; they live as long as it does.
std::vector<const StoredPacket*> stored_packets(nb::handle packets) {
  std::vector<const StoredPacket*> stored;
  if (nb::isinstance<Packets>(packets)) {
    const Packets& all = *nb::inst_ptr<Packets>(packets);
    for (Py_ssize_t i = 0; i < all.count; ++i) stored.push_back(&all[i]);
    return stored;
  }
  for (const nb::handle packet : nb::cast<nb::list>(packets)) {
    if (!nb::isinstance<Packet>(packet)) throw nb::type_error("expected packets of pcapml");
    stored.push_back(&nb::inst_ptr<Packet>(packet)->stored());
  }
  return stored;
}

void check_shape(std::size_t rows, std::size_t columns, std::size_t packets, std::size_t width) {
  if (rows != packets || columns != width)
    throw nb::value_error("the array has not the shape of the packets and the layout");
}

void fill(const std::vector<const StoredPacket*>& packets, PacketMatrix& matrix) {
  for (std::size_t row = 0; row < packets.size();) {
    check_signals();
    const nb::gil_scoped_release unlocked;
    const std::size_t end = std::min(packets.size(), row + kRowsBetweenSignals);
    for (; row < end; ++row) matrix.add(row, packets[row]->link_type, packets[row]->data());
  }
}

void fill_bytes(nb::handle packets, const Names& layers, std::uint32_t payload_bytes, const Names& masked,
                const Matrix<std::uint8_t>& values, const Matrix<bool>& present) {
  const auto stored = stored_packets(packets);
  const PacketLayout layout(layers, payload_bytes);
  check_shape(values.shape(0), values.shape(1), stored.size(), layout.width());
  check_shape(present.shape(0), present.shape(1), stored.size(), layout.width());
  PacketMatrix matrix(layout, masked_fields(masked),
                      MatrixRows::bytes(values.data(), present.data(), layout.width()));
  fill(stored, matrix);
}

void fill_bits(nb::handle packets, const Names& layers, std::uint32_t payload_bytes, const Names& masked,
               const Matrix<std::int8_t>& values) {
  const auto stored = stored_packets(packets);
  const PacketLayout layout(layers, payload_bytes);
  check_shape(values.shape(0), values.shape(1), stored.size(), layout.width() * 8);
  PacketMatrix matrix(layout, masked_fields(masked), MatrixRows::bits(values.data(), layout.width()));
  fill(stored, matrix);
}

}  // namespace

void bind_bits(nb::module_& module) {
  module.def("fill_bytes", fill_bytes, nb::arg("packets"), nb::arg("layers"), nb::arg("payload_bytes"),
             nb::arg("masked"), nb::arg("values").noconvert(), nb::arg("present").noconvert());
  module.def("fill_bits", fill_bits, nb::arg("packets"), nb::arg("layers"), nb::arg("payload_bytes"),
             nb::arg("masked"), nb::arg("values").noconvert());
}

}  // namespace pcapml::python
