// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nanobind/nanobind.h>

namespace pcapml::python {

void bind_tables(nanobind::module_& module);

}  // namespace pcapml::python
