// SPDX-License-Identifier: Apache-2.0
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

#include "bits.h"
#include "errors.h"
#include "operations.h"
#include "packets.h"
#include "readers.h"
#include "sample_index.h"
#include "tables.h"
#include "text.h"

namespace nb = nanobind;

namespace pcapml::python {
namespace {

/// The parts of a label comment: sample id, label, direction, dst, keys; None for what is not there.
nb::tuple parse_comment(const std::string& comment) {
  const auto view = parse_label(comment);
  if (!view) return nb::make_tuple(nb::none(), nb::none(), nb::none(), nb::none(), nb::dict());
  const Label label = decode_label(*view);
  const auto or_none = [](const std::string* text) {
    return text == nullptr ? nb::none() : nb::object(to_str(*text));
  };
  return nb::make_tuple(to_str(label.sample_id), to_str(label.name), or_none(direction_of(label)),
                        or_none(label.field("dst")), fields_of(label));
}

}  // namespace
}  // namespace pcapml::python

NB_MODULE(_core, module) {
  using namespace pcapml::python;
  nb::set_leak_warnings(false);  // what lives until the interpreter ends is no news to a user
  register_errors();
  module.attr("version") = PCAPML_VERSION;
  module.def("parse_comment", parse_comment, nb::arg("comment"));
  bind_packets(module);
  bind_packet_reader(module);
  bind_sampler(module);
  bind_tables(module);
  bind_operations(module);
  bind_bits(module);
  bind_sample_index(module);
}
