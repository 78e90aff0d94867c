// SPDX-License-Identifier: Apache-2.0
// A capture: two bytes of limits, then frames, each with a byte for the link type, a byte of seconds since
// the last, a 16-bit length, and so many bytes.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>

#include "net/flow_finder.h"
#include "net/host_name.h"
#include "pcapml/cursor.h"
#include "pcapml/name_resolver.h"

namespace {

using namespace pcapml;

constexpr std::uint16_t kLinkTypes[] = {kLinkRaw, kLinkEthernet, kLinkNull, kLinkLinuxSll, kLinkPpp};

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Cursor input(std::as_bytes(std::span(data, size)));
  ResolverLimits limits;
  limits.flow_bytes = std::size_t{1} << (input.u8() & 31);
  limits.total_bytes = limits.flow_bytes * 2;
  FlowOptions options;
  options.max_fragment_bytes = 65536;
  const std::uint8_t counts = input.u8();
  limits.dns_entries = options.max_flows = std::size_t{1} << (counts & 15);
  if (const unsigned names = counts >> 4; names != 0) limits.names = limits.flows = 1U << (names - 1);
  FlowFinder finder(options);
  NameResolver resolver(limits);
  std::int64_t time_ns = 0;
  while (!input.empty()) {
    const auto link_type = kLinkTypes[input.u8() % std::size(kLinkTypes)];
    time_ns += input.u8() * std::int64_t{1'000'000'000};
    const Bytes frame = input.take(input.be16());
    if (!input.ok()) break;
    const auto found = finder.find(link_type, frame, time_ns, true);
    if (!found) continue;
    require(found->flow.flow < finder.tracker().flows());
    resolver.add(*found, link_type, frame);
    require(resolver.waiting_bytes() <= limits.total_bytes * 2);
  }
  resolver.finish();
  require(resolver.waiting_bytes() == 0);

  for (std::uint32_t flow = 0; flow < finder.tracker().flows(); ++flow) {
    const auto [text, source] = resolver.name(flow);
    require(text.empty() == (source == NameSource::none));
    if (!text.empty()) require(normal_host_name(text) == std::string(text));
  }
  const ResolverCounters c = resolver.counters();
  require(c.flows == c.by_sni + c.by_quic + c.by_dns + c.by_ech + c.dns_flows + c.no_answer_before +
                         c.hello_without_name + c.hello_incomplete + c.hello_forgotten + c.name_rejected);
  require(c.flows + c.other_flows == finder.tracker().flows());
  return 0;
}
