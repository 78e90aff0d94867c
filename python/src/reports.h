// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nanobind/nanobind.h>

#include "pcapml/compare.h"
#include "pcapml/label_captures.h"
#include "pcapml/summary.h"

namespace pcapml::python {

/// The members of a result by their names, times in nanoseconds, nullopt as None.
nanobind::dict to_dict(const InputReport& report);
nanobind::dict to_dict(const LabelResult& result);
nanobind::dict to_dict(const CompareResult& result);
nanobind::dict to_dict(const SummaryResult& result);

}  // namespace pcapml::python
