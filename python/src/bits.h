// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nanobind/nanobind.h>

namespace pcapml::python {

/// fill_bytes() and fill_bits(), on which pcapml.bits is built.
void bind_bits(nanobind::module_& module);

}  // namespace pcapml::python
