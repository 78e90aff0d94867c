// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "bpf/events.h"
#include "capture/endpoint.h"
#include "pcapml/name_resolver.h"

namespace pcapml {

/// Names the remote ends of live flows. The client of a DNS answer is its network namespace, and first the
/// process that received it. The caller numbers the flows, and shows only those that a local process opened.
class LiveNames {
 public:
  LiveNames();

  /// `remote` is the flow's remote end as the process sees it.
  void add(std::uint32_t flow, bool is_new, const pcapml_packet& packet, const Headers& headers, Bytes bytes,
           const Endpoint& remote);
  /// Empty: not known. Lives until the next call of add().
  std::string_view name(std::uint32_t flow) const { return resolver_.name(flow).text; }

 private:
  NameResolver resolver_;
};

}  // namespace pcapml
