// SPDX-License-Identifier: Apache-2.0
#include "capture/packet_filter.h"

#include <fmt/format.h>

#include "pcapml/error.h"
#include "pcapml/headers.h"

namespace pcapml {

std::unique_ptr<FilterProgram> packet_filter(const std::string& text) {
  if (text.empty()) return nullptr;
  FilterCompiler compiler;
  std::string problem = compiler.check(text);
  if (problem.empty()) {
    CompiledFilter result = compiler.compile(text, {kLinkRaw, kNativeOrder});
    if (result.program) return std::move(result.program);
    problem = result.never_matches ? "no IP packet can match" : result.error;
  }
  throw UsageError(fmt::format("--filter '{}': {}", text, problem));
}

}  // namespace pcapml
