// SPDX-License-Identifier: Apache-2.0
#include "capture/kernel_facts.h"
#include "capture/kernel_trial.h"
#include "pcapml/capture.h"
#include "pcapml/error.h"

namespace pcapml {

CaptureResult capture(const CaptureRequest&) { throw KernelError(without_live_capture().sentence()); }

bool has_live_capture() { return false; }
KernelTrial try_programs(std::size_t, const std::string&) { return {}; }

}  // namespace pcapml
