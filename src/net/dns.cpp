// SPDX-License-Identifier: Apache-2.0
#include "net/dns.h"

#include <ldns/ldns.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "pcapml/cursor.h"

namespace pcapml {
namespace {

template <auto kFree>
struct Free {
  template <class T>
  void operator()(T* pointer) const {
    kFree(pointer);
  }
};
using Record = std::unique_ptr<ldns_rr, Free<ldns_rr_free>>;
using Records = std::vector<Record>;
using Text = std::unique_ptr<char, Free<std::free>>;

/// False where one of so many is cut or damaged, after those before it.
bool read_records(Bytes message, std::size_t count, ldns_pkt_section section, std::size_t& position,
                  Records& records) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(message.data());
  for (std::size_t i = 0; i < count; ++i) {
    ldns_rr* record = nullptr;
    if (ldns_wire2rr(&record, bytes, message.size(), &position, section) != LDNS_STATUS_OK) return false;
    records.emplace_back(record);
  }
  return true;
}

/// The names that stand for the question: itself, and the targets of CNAMEs that begin there. Records may
/// come in any order.
std::vector<const ldns_rdf*> aliases_of(const ldns_rdf* question, const Records& records) {
  std::vector<const ldns_rdf*> names{question};
  const auto is_known = [&](const ldns_rdf* name) {
    return std::any_of(names.begin(), names.end(),
                       [&](const ldns_rdf* known) { return ldns_dname_compare(known, name) == 0; });
  };
  constexpr std::size_t kLongestChain = 32;
  for (bool grew = true; grew && names.size() < kLongestChain;) {
    grew = false;
    for (const Record& record : records) {
      if (ldns_rr_get_type(record.get()) != LDNS_RR_TYPE_CNAME || ldns_rr_rd_count(record.get()) != 1)
        continue;
      const ldns_rdf* target = ldns_rr_rdf(record.get(), 0);
      if (!is_known(ldns_rr_owner(record.get())) || is_known(target)) continue;
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
  Cursor header(message);
  header.skip(2);  // identification
  const auto flags = header.be16();
  const std::size_t question_count = header.be16();
  const std::size_t answer_count = header.be16();
  header.skip(4);
  if (!header.ok()) return DnsMessage::malformed;
  std::size_t position = header.position();
  Records questions, records;
  if (!read_records(message, question_count, LDNS_SECTION_QUESTION, position, questions))
    return DnsMessage::malformed;
  const bool is_whole = read_records(message, answer_count, LDNS_SECTION_ANSWER, position, records);
  if (questions.empty()) return is_whole ? DnsMessage::other : DnsMessage::malformed;

  const ldns_rdf* question = ldns_rr_owner(questions.front().get());
  const Text text(ldns_rdf2str(question));
  if (text) answer.question = text.get();
  const auto aliases = aliases_of(question, records);
  for (const Record& record : records) {
    const auto address = address_of(record.get());
    const ldns_rdf* owner = ldns_rr_owner(record.get());
    if (address && std::any_of(aliases.begin(), aliases.end(),
                               [&](const ldns_rdf* name) { return ldns_dname_compare(name, owner) == 0; }))
      answer.addresses.push_back(*address);
  }
  constexpr unsigned kResponse = 0x8000, kError = 0x000f;
  const bool is_response = (flags & kResponse) != 0 && (flags & kError) == 0 && questions.size() == 1;
  if (is_response && !answer.addresses.empty()) return DnsMessage::answer;
  answer.addresses.clear();
  return is_whole ? DnsMessage::other : DnsMessage::malformed;
}

}  // namespace pcapml
