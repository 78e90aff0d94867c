// SPDX-License-Identifier: Apache-2.0
#include "net/google_hello.h"

#include <algorithm>

#include "pcapml/cursor.h"

namespace pcapml {
namespace {

constexpr std::string_view kHelloTag = "CHLO";
constexpr std::string_view kNameTag{"SNI\0", 4};
constexpr std::size_t kMostEntries = 128;  // the limit of Google's own parser

// Header, hash and frame headers differ between 48 versions, but are never longer.
constexpr std::size_t kFurthestHello = 256;

}  // namespace

std::optional<ClientHello> parse_google_hello(Bytes message) {
  Cursor at(message);
  if (as_text(at.take(kHelloTag.size())) != kHelloTag) return std::nullopt;
  const std::size_t entries = at.le16();
  at.skip(2);
  if (entries > kMostEntries) return std::nullopt;
  Cursor table(at.take(entries * 8));
  if (!at.ok()) return ClientHello{};  // cut
  ClientHello hello;
  hello.complete = true;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < entries; ++i) {
    const std::string_view tag = as_text(table.take(4));
    const std::size_t end = table.le32();
    if (end < begin) return std::nullopt;
    const Bytes value = at.take(end - begin);
    if (at.ok() && tag == kNameTag) hello.server_name = as_text(value);
    hello.complete = hello.complete && at.ok();
    begin = end;
  }
  return hello;
}

std::optional<ClientHello> find_google_hello(Bytes packet) {
  const std::string_view start = as_text(packet.first(std::min(packet.size(), kFurthestHello)));
  const std::size_t at = start.find(kHelloTag);
  if (at == start.npos) return std::nullopt;
  return parse_google_hello(packet.subspan(at));
}

}  // namespace pcapml
