// SPDX-License-Identifier: Apache-2.0
#include "net/flow_table.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <random>
#include <string>

namespace pcapml {
namespace {

FlowKey random_key(std::mt19937& random) {
  FlowKey key;
  const std::uint8_t version = random() % 2 == 0 ? 4 : 6;
  for (IpAddress* address : {&key.source, &key.destination}) {
    address->version = version;
    address->bytes[0] = static_cast<std::uint8_t>(random() % 8);
    if (version == 6) address->bytes[15] = static_cast<std::uint8_t>(random() % 8);
  }
  key.source_port = static_cast<std::uint16_t>(random() % 16);
  key.destination_port = static_cast<std::uint16_t>(random() % 16);
  key.protocol = random() % 2 == 0 ? 6 : 17;
  return key;
}

TEST(FlowTable, AgreesWithAMap) {
  std::mt19937 random(1);
  FlowTable<std::uint32_t> table;
  std::map<FlowKey, std::uint32_t> oracle;
  for (int i = 0; i < 100'000; ++i) {
    const FlowKey key = random_key(random);
    EXPECT_EQ(table.find(key) != nullptr, oracle.contains(key.canonical()));
    const auto found = table.find_or_add(key);
    EXPECT_EQ(found.added, oracle.find(key.canonical()) == oracle.end());
    ++found.value;
    ++oracle[key.canonical()];
  }
  EXPECT_EQ(table.size(), oracle.size());
  for (const auto& [key, count] : oracle) {
    ASSERT_NE(table.find(key), nullptr);
    EXPECT_EQ(*table.find(key), count);
    EXPECT_EQ(*table.find(key.reversed()), count);
  }
}

TEST(FlowTable, AnEmptyTableFindsNothing) {
  const FlowTable<int> table;
  EXPECT_EQ(table.find(FlowKey{}), nullptr);
  EXPECT_EQ(table.size(), 0u);
}

TEST(KeyedHash, EveryByteOfAKeyCounts) {
  FlowKey base;
  base.source.version = base.destination.version = 6;
  const std::uint64_t hash = keyed_hash(base);
  for (std::size_t byte = 0; byte < 16; ++byte) {
    FlowKey source = base, destination = base;
    source.source.bytes[byte] = destination.destination.bytes[byte] = 1;
    EXPECT_NE(keyed_hash(source), hash);
    EXPECT_NE(keyed_hash(destination), hash);
    EXPECT_NE(keyed_hash(source), keyed_hash(destination));
  }
  FlowKey ports = base;
  ports.source_port = 1;
  EXPECT_NE(keyed_hash(ports), hash);
  EXPECT_NE(keyed_hash(ports), keyed_hash(ports.reversed()));
}

TEST(KeyedHash, TextsOfAnyLengthDiffer) {
  std::map<std::uint64_t, std::size_t> seen;
  for (std::size_t length = 0; length < 100; ++length) {
    EXPECT_TRUE(seen.emplace(keyed_hash(std::string(length, '\0')), length).second);
    EXPECT_TRUE(seen.emplace(keyed_hash(std::string(length, '\0') + 'x'), length).second);
  }
}

}  // namespace
}  // namespace pcapml
