// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "packet_stream.h"

namespace pcapml::python {

/// Inputs as Python gives them: `(path as bytes, session, object with read() or None)` each.
std::vector<Input> inputs_of(const nanobind::list& inputs);

/// `legacy_timestamps` is "detect", "yes" or "no".
StreamOptions options_of(const std::string& on_error, const std::string& legacy_timestamps);

/// Warns of each damage with pcapml.FormatWarning. Needs the GIL.
void warn_of_damage(PacketStream& stream);

void bind_packet_reader(nanobind::module_& module);
void bind_sampler(nanobind::module_& module);

}  // namespace pcapml::python
