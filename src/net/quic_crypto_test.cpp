// SPDX-License-Identifier: Apache-2.0
#include "net/quic_crypto.h"

#include <gtest/gtest.h>

#include <span>

#include "net/quic.h"
#include "net/quic_packet_builder.h"

namespace pcapml {
namespace {

using namespace samples;

std::string unhex(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2)
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return bytes;
}

template <std::size_t kLength>
std::string text(const std::array<std::uint8_t, kLength>& bytes) {
  return std::string(as_text(std::as_bytes(std::span(bytes))));
}

const std::string kConnectionId = unhex("8394c8f03e515708");

// RFC 9001, A.2; RFC 9369, A.2
const std::string kClientFrame = unhex(
    "060040f1010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e86804fe3a47f06a2b69484c"
    "00000413011302010000c000000010000e00000b6578616d706c652e636f6dff01000100000a00080006"
    "001d0017001800100007000504616c706e000500050100000000003300260024001d00209370b2c9caa4"
    "7fbabaf4559fedba753de171fa71f50f1ce15d43e994ec74d748002b0003020304000d0010000e040305"
    "0306030203080408050806002d00020101001c00024001003900320408ffffffffffffffff05048000ff"
    "ff07048000ffff0801100104800075300901100f088394c8f03e51570806048000ffff");

struct Vector {
  std::uint32_t version;
  std::string client_key, client_iv, client_header_key, server_key, server_iv, server_header_key;
  std::string header, packet_start, packet_tag, server_packet;
};

const Vector kVectors[] = {
    {kQuicVersion1, "1f369613dd76d5467730efcbe3b1a22d", "fa044b2f42a3fd3b46fb255c",
     "9f50449e04a0e810283a1e9933adedd2", "cf3a5331653c364c88f0f379b6067e37", "0ac1493ca1905853b0bba03e",
     "c206b8d9b9f0f37644430b490eeaa314", "c300000001088394c8f03e5157080000449e00000002",
     "c000000001088394c8f03e5157080000449e7b9aec34d1b1c98dd7689fb8ec11d242b123dc9b",
     "e221af44860018ab0856972e194cd934",
     "cf000000010008f067a5502a4262b5004075c0d95a482cd0991cd25b0aac406a5816b6394100f37a1c69797554780bb38cc5a99"
     "f5e"
     "de4cf73c3ec2493a1839b3dbcba3f6ea46c5b7684df3548e7ddeb9c3bf9c73cc3f3bded74b562bfb19fb84022f8ef4cdd93795d"
     "77d"
     "06edbb7aaf2f58891850abbdca3d20398c276456cbc42158407dd074ee"},
    {kQuicVersion2, "8b1a0bc121284290a29e0971b5cd045d", "91f73e2351d8fa91660e909f",
     "45b95e15235d6f45a6b19cbcb0294ba9", "82db637861d55e1d011f19ea71d5d2a7", "dd13c276499c0249d3310652",
     "edf6d05c83121201b436e16877593c3a", "d36b3343cf088394c8f03e5157080000449e00000002",
     "d76b3343cf088394c8f03e5157080000449ea0c95e82ffe67b6abcdb4298b485dd04de806071",
     "a18b2faa745b6fe189cf772a9f84cbfc", ""},
};

TEST(QuicCrypto, DerivesTheKeysOfTheRfcs) {
  for (const Vector& vector : kVectors) {
    const QuicVersion& version = quic_versions(vector.version)[0];
    const auto client = derive_initial_keys(version, as_bytes(kConnectionId), QuicSide::client);
    EXPECT_EQ(text(client.key), unhex(vector.client_key));
    EXPECT_EQ(text(client.iv), unhex(vector.client_iv));
    EXPECT_EQ(text(client.header_key), unhex(vector.client_header_key));
    const auto server = derive_initial_keys(version, as_bytes(kConnectionId), QuicSide::server);
    EXPECT_EQ(text(server.key), unhex(vector.server_key));
    EXPECT_EQ(text(server.iv), unhex(vector.server_iv));
    EXPECT_EQ(text(server.header_key), unhex(vector.server_header_key));
  }
}

// The tag stands for all bytes between.
TEST(QuicCrypto, SealsAndOpensTheClientInitialOfTheRfcs) {
  const std::string payload = kClientFrame + zeros(1162 - kClientFrame.size());
  for (const Vector& vector : kVectors) {
    const auto keys =
        derive_initial_keys(quic_versions(vector.version)[0], as_bytes(kConnectionId), QuicSide::client);
    const std::string packet = seal_initial(keys, unhex(vector.header), payload);
    ASSERT_EQ(packet.size(), 1200u);
    EXPECT_EQ(packet.substr(0, vector.packet_start.size() / 2), unhex(vector.packet_start));
    EXPECT_EQ(packet.substr(1184), unhex(vector.packet_tag));

    const auto opened = open_initial(keys, as_bytes(packet), 18);
    ASSERT_TRUE(opened);
    EXPECT_EQ(as_text(*opened), payload);

    QuicHello hello;
    EXPECT_TRUE(looks_like_quic_initial(as_bytes(packet)));
    EXPECT_EQ(hello.add(as_bytes(packet), true), HelloState::found);
    EXPECT_EQ(hello.server_name(), "example.com");
  }
}

TEST(QuicCrypto, OpensTheServerInitialOfRfc9001) {
  const std::string packet = unhex(kVectors[0].server_packet);
  const auto& version = quic_versions(kQuicVersion1)[0];
  const auto server = derive_initial_keys(version, as_bytes(kConnectionId), QuicSide::server);
  const auto opened = open_initial(server, as_bytes(packet), 18);
  ASSERT_TRUE(opened);
  EXPECT_EQ(as_text(*opened).substr(0, 6), unhex("020000000006"));
  const auto client = derive_initial_keys(version, as_bytes(kConnectionId), QuicSide::client);
  EXPECT_FALSE(open_initial(client, as_bytes(packet), 18));
}

TEST(QuicCrypto, RefusesEveryCutAndEveryFlippedBit) {
  const auto keys = derive_initial_keys(quic_versions(1)[0], as_bytes(kConnectionId), QuicSide::client);
  const std::string packet = seal_initial(keys, unhex(kVectors[0].header), kClientFrame);
  for (std::size_t n = 0; n < packet.size(); ++n)
    EXPECT_FALSE(open_initial(keys, as_bytes(packet).first(n), 18)) << n;
  for (std::size_t i = 0; i < packet.size(); ++i) {
    std::string flipped = packet;
    flipped[i] = static_cast<char>(flipped[i] ^ 0x10);
    EXPECT_FALSE(open_initial(keys, as_bytes(flipped), 18)) << i;
  }
  EXPECT_FALSE(open_initial(keys, as_bytes(packet), packet.size() + 1));
  EXPECT_TRUE(open_initial(keys, as_bytes(packet), 18));
}

}  // namespace
}  // namespace pcapml
