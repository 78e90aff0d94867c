// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "pcapml/bytes.h"

namespace pcapml {

struct FlowPacket;

/// Where the name of a flow's remote end comes from, in `dst_source=`.
enum class NameSource : std::uint8_t {
  none,
  sni,   ///< server_name of a TLS or DTLS ClientHello
  quic,  ///< server_name within a QUIC Initial
  dns,   ///< the question of the DNS answer that gave the client this address
  ech,   ///< outer server_name of an encrypted ClientHello: the provider's, not the destination's
};

std::string_view name_of(NameSource source);

/// How much the resolver may remember.
struct ResolverLimits {
  std::size_t flow_bytes = std::size_t{32} << 10;   ///< waiting for the rest of one flow's ClientHello
  std::size_t total_bytes = std::size_t{64} << 20;  ///< of all flows; the oldest goes first
  std::size_t dns_entries = 1'000'000;              ///< addresses that clients were given
  std::size_t names = 1'000'000;                    ///< that differ; those that nothing has any more go first
  std::uint32_t flows = 16'000'000;                 ///< whose names are kept; the oldest goes first
};

/// What became of flows and answers. A flow counts under the best source of its name, or under one reason.
struct ResolverCounters {
  std::uint64_t flows = 0;  ///< TCP and UDP
  std::uint64_t other_flows = 0;
  std::uint64_t by_sni = 0, by_quic = 0, by_dns = 0, by_ech = 0;
  std::uint64_t dns_flows = 0;           ///< of port 53, and no DNS answer before
  std::uint64_t no_answer_before = 0;    ///< no ClientHello seen, and no DNS answer before the flow
  std::uint64_t hello_without_name = 0;  ///< a ClientHello without server_name, and no DNS answer
  std::uint64_t hello_incomplete = 0;    ///< its end is missing, and no DNS answer
  std::uint64_t hello_forgotten = 0;     ///< too many bytes waited, and no DNS answer
  std::uint64_t name_rejected = 0;       ///< what it says is no host name, and no DNS answer
  std::uint64_t dns_answers = 0;
  std::uint64_t dns_malformed = 0;
  std::uint64_t dns_names_rejected = 0;
  std::uint64_t dns_forgotten = 0;
  std::uint64_t dns_streams_forgotten = 0;  ///< DNS over TCP, of too many connections or bytes
  std::uint64_t hosts_forgotten = 0;        ///< Ethernet addresses
  std::uint64_t names_forgotten = 0;        ///< no flow, and no DNS entry, had them any more
  std::uint64_t names_refused = 0;          ///< found after as many as there is room for, all still in use
  std::uint64_t flows_forgotten = 0;        ///< they count above as what they were, but have no name any more
};

/// Finds the domain name of each flow's remote end from what its packets, and DNS answers before it, say.
/// Knows no files and no labels. Memory is bounded by the limits: 48 bytes for each flow that is
/// kept, about 100 for each name. Not thread-safe.
class NameResolver {
 public:
  explicit NameResolver(const ResolverLimits& limits);
  ~NameResolver();
  NameResolver(NameResolver&&) noexcept;

  /// The next packet, as a FlowFinder gave it. `link_type` and `frame` are those of the captured frame.
  void add(const FlowPacket& packet, std::uint16_t link_type, Bytes frame);
  /// No more packets: a ClientHello whose end is missing counts as far as it is there.
  void finish();

  struct Name {
    std::string_view text;  ///< lower case; empty: none. Lives until the next add() or finish()
    NameSource source = NameSource::none;
  };
  /// What is known now of a flow.
  Name name(std::uint32_t flow) const;

  ResolverCounters counters() const;
  /// Bytes that wait for more packets, which `total_bytes` bounds: for ClientHellos, and for DNS over TCP.
  std::size_t waiting_bytes() const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace pcapml
