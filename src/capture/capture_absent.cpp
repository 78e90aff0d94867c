// SPDX-License-Identifier: Apache-2.0
#include "pcapml/capture.h"
#include "pcapml/error.h"

namespace pcapml {

CaptureResult capture(const CaptureRequest&) {
  throw KernelError(
      "this pcapml was built without live capture, because clang, bpftool or libbpf was missing; install "
      "them "
      "with scripts/setup build, and build again");
}

}  // namespace pcapml
