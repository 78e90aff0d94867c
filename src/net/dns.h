// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pcapml/bytes.h"
#include "pcapml/headers.h"

namespace pcapml {

/// The addresses that a DNS response gives for its question.
struct DnsAnswer {
  /// As ldns writes it, with a dot at the end; not yet checked to be a host name. Of a query, too; the first
  /// of several.
  std::string question;
  std::vector<IpAddress> addresses;  ///< of A and AAAA records, reached from the question through CNAMEs
};

enum class DnsMessage : std::uint8_t {
  malformed,  ///< no DNS message
  other,      ///< a query, an error, or a response without addresses
  answer,
};

/// Parses one DNS message (RFC 1035, 4) up to its answers; those before a cut or damage count. Addresses come
/// only with DnsMessage::answer. Thread-safe.
DnsMessage parse_dns(Bytes message, DnsAnswer& answer);

}  // namespace pcapml
