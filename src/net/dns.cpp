// SPDX-License-Identifier: Apache-2.0
#include "net/dns.h"

#include <ldns/ldns.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

namespace pcapml {
namespace {

template <auto kFree>
struct Free {
  template <class T>
  void operator()(T* pointer) const {
    kFree(pointer);
  }
};
using Packet = std::unique_ptr<ldns_pkt, Free<ldns_pkt_free>>;
using Text = std::unique_ptr<char, Free<std::free>>;

/// The names that stand for the question: itself, and the targets of CNAMEs that begin there. Records may
/// come in any order.
std::vector<const ldns_rdf*> aliases_of(const ldns_rdf* question, const ldns_rr_list* records) {
  std::vector<const ldns_rdf*> names{question};
  const auto is_known = [&](const ldns_rdf* name) {
    return std::any_of(names.begin(), names.end(),
                       [&](const ldns_rdf* known) { return ldns_dname_compare(known, name) == 0; });
  };
  constexpr std::size_t kLongestChain = 32;
  for (bool grew = true; grew && names.size() < kLongestChain;) {
    grew = false;
    for (std::size_t i = 0; i < ldns_rr_list_rr_count(records); ++i) {
      const ldns_rr* record = ldns_rr_list_rr(records, i);
      if (ldns_rr_get_type(record) != LDNS_RR_TYPE_CNAME || ldns_rr_rd_count(record) != 1) continue;
      const ldns_rdf* target = ldns_rr_rdf(record, 0);
      if (!is_known(ldns_rr_owner(record)) || is_known(target)) continue;
      names.push_back(target);
      grew = true;
    }
  }
  return names;
}

std::optional<IpAddress> address_of(const ldns_rr* record) {
  const ldns_rr_type type = ldns_rr_get_type(record);
  if ((type != LDNS_RR_TYPE_A && type != LDNS_RR_TYPE_AAAA) || ldns_rr_rd_count(record) != 1)
    return std::nullopt;
  const ldns_rdf* data = ldns_rr_rdf(record, 0);
  IpAddress address;
  address.version = type == LDNS_RR_TYPE_A ? 4 : 6;
  if (ldns_rdf_size(data) != (address.version == 4 ? 4U : 16U)) return std::nullopt;
  std::copy_n(ldns_rdf_data(data), ldns_rdf_size(data), address.bytes.begin());
  return address;
}

}  // namespace

DnsMessage parse_dns(Bytes message, DnsAnswer& answer) {
  answer = {};
  ldns_pkt* parsed = nullptr;
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(message.data());
  if (ldns_wire2pkt(&parsed, bytes, message.size()) != LDNS_STATUS_OK) return DnsMessage::malformed;
  const Packet packet(parsed);
  const ldns_rr_list* questions = ldns_pkt_question(packet.get());
  if (!ldns_pkt_qr(packet.get()) || ldns_pkt_get_rcode(packet.get()) != LDNS_RCODE_NOERROR ||
      ldns_rr_list_rr_count(questions) != 1)
    return DnsMessage::other;

  const ldns_rdf* question = ldns_rr_owner(ldns_rr_list_rr(questions, 0));
  const ldns_rr_list* records = ldns_pkt_answer(packet.get());
  const auto names = aliases_of(question, records);
  for (std::size_t i = 0; i < ldns_rr_list_rr_count(records); ++i) {
    const ldns_rr* record = ldns_rr_list_rr(records, i);
    const auto address = address_of(record);
    const ldns_rdf* owner = ldns_rr_owner(record);
    if (address && std::any_of(names.begin(), names.end(),
                               [&](const ldns_rdf* n) { return ldns_dname_compare(n, owner) == 0; }))
      answer.addresses.push_back(*address);
  }
  if (answer.addresses.empty()) return DnsMessage::other;
  const Text text(ldns_rdf2str(question));
  if (text) answer.question = text.get();
  return DnsMessage::answer;
}

}  // namespace pcapml
