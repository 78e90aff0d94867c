// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "io/output_file.h"
#include "pcapml/dataset.h"

namespace pcapml {

/// The output file of an operation, written as its options ask.
inline OutputFile open_output(const std::string& path, const OutputOptions& options) {
  return OutputFile(path, options.fsync ? Sync::yes : Sync::no, options.threads);
}

}  // namespace pcapml
