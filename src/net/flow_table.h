// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/open_table.h"
#include "pcapml/headers.h"

namespace pcapml {

/// Maps flows to small values; both directions of a 5-tuple are one flow. Memory grows by flow: 40 bytes and
/// the value, times 1.4 to 2.7. Not thread-safe.
template <class Value>
class FlowTable {
 public:
  using Found = typename OpenTable<FlowKey, Value>::Found;

  /// The entry of a packet's flow; a new one has Value{}.
  Found find_or_add(const FlowKey& packet) { return table_.find_or_add(packet.canonical()); }

  /// nullptr where the flow was never added.
  const Value* find(const FlowKey& packet) const { return table_.find(packet.canonical()); }

  std::size_t size() const { return table_.size(); }

  /// Calls visit(key, value) for each flow, in no order; the keys are canonical.
  template <class Visit>
  void for_each(Visit visit) const {
    table_.for_each(visit);
  }

 private:
  OpenTable<FlowKey, Value> table_;
};

}  // namespace pcapml
