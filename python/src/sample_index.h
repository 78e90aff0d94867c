// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nanobind/nanobind.h>

namespace pcapml::python {

/// index_samples() and StoredPackets, on which pcapml.torch reads single samples.
void bind_sample_index(nanobind::module_& module);

}  // namespace pcapml::python
