// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nanobind/nanobind.h>

namespace pcapml::python {

/// The operations of the command line; results are dicts, of which pcapml._operations makes dataclasses.
void bind_operations(nanobind::module_& module);

}  // namespace pcapml::python
