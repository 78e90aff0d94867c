// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/output_stream.h"
#include "pcapml/summary.h"

namespace pcapml {

/// Writes the table of a summary (RFC 4180), without the totals. Times are seconds since the epoch with nine
/// digits, empty where no packet has one.
void write_csv(const SummaryResult& result, OutputStream& out);

}  // namespace pcapml
