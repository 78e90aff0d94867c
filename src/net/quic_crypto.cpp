// SPDX-License-Identifier: Apache-2.0
#include "net/quic_crypto.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <algorithm>
#include <memory>
#include <span>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "pcapml/cursor.h"

namespace pcapml {
namespace {

constexpr std::size_t kTagLength = 16, kSampleLength = 16, kLongestNumber = 4;

template <auto kFree>
struct Free {
  template <class T>
  void operator()(T* p) const {
    kFree(p);
  }
};
using Cipher = std::unique_ptr<EVP_CIPHER, Free<EVP_CIPHER_free>>;
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, Free<EVP_CIPHER_CTX_free>>;
using Mac = std::unique_ptr<EVP_MAC, Free<EVP_MAC_free>>;
using MacContext = std::unique_ptr<EVP_MAC_CTX, Free<EVP_MAC_CTX_free>>;

using Secret = std::array<std::uint8_t, 32>;

const unsigned char* raw(Bytes bytes) { return reinterpret_cast<const unsigned char*>(bytes.data()); }
int length(std::size_t n) { return static_cast<int>(n); }

void require(bool done) {
  if (!done) throw std::runtime_error("libcrypto fails at AES-128-GCM or HMAC-SHA256, which QUIC needs");
}

/// What is looked up once per thread, because libcrypto's look-ups cost more than a packet's decryption.
class Crypto {
 public:
  Crypto() {
    require(gcm_ && ecb_ && mac_ && context_ && mac_context_);
    char digest[] = "SHA256";
    const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                                     OSSL_PARAM_construct_end()};
    require(EVP_MAC_CTX_set_params(mac_context_.get(), parameters) == 1);
  }

  Secret hmac(std::span<const std::uint8_t> key, Bytes message) {
    Secret result{};
    std::size_t size = 0;
    require(EVP_MAC_init(mac_context_.get(), key.data(), key.size(), nullptr) == 1 &&
            EVP_MAC_update(mac_context_.get(), raw(message), message.size()) == 1 &&
            EVP_MAC_final(mac_context_.get(), result.data(), &size, result.size()) == 1);
    return result;
  }

  std::array<std::uint8_t, 16> header_mask(const QuicInitialKeys& keys, Bytes sample) {
    std::array<std::uint8_t, 16> mask{};
    int written = 0;
    require(EVP_EncryptInit_ex2(context_.get(), ecb_.get(), keys.header_key.data(), nullptr, nullptr) == 1 &&
            EVP_CIPHER_CTX_set_padding(context_.get(), 0) == 1 &&
            EVP_EncryptUpdate(context_.get(), mask.data(), &written, raw(sample), length(sample.size())) ==
                1);
    return mask;
  }

  std::optional<Bytes> open(const QuicInitialKeys& keys, const std::array<std::uint8_t, 12>& nonce,
                            Bytes header, Bytes sealed) {
    const Bytes text = sealed.first(sealed.size() - kTagLength);
    std::array<std::byte, kTagLength> tag{};
    std::ranges::copy(sealed.last(kTagLength), tag.begin());
    plain_.resize(std::max<std::size_t>(text.size(), 1));
    int written = 0;
    require(EVP_DecryptInit_ex2(context_.get(), gcm_.get(), keys.key.data(), nonce.data(), nullptr) == 1 &&
            EVP_DecryptUpdate(context_.get(), nullptr, &written, raw(header), length(header.size())) == 1);
    if (EVP_DecryptUpdate(context_.get(), plain_.data(), &written, raw(text), length(text.size())) != 1 ||
        EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_SET_TAG, length(tag.size()), tag.data()) != 1 ||
        EVP_DecryptFinal_ex(context_.get(), plain_.data(), &written) != 1)
      return std::nullopt;
    return std::as_bytes(std::span(plain_).first(text.size()));
  }

  std::string seal(const QuicInitialKeys& keys, const std::array<std::uint8_t, 12>& nonce, Bytes header,
                   Bytes text) {
    std::vector<std::uint8_t> sealed(text.size() + kTagLength);
    int written = 0;
    require(EVP_EncryptInit_ex2(context_.get(), gcm_.get(), keys.key.data(), nonce.data(), nullptr) == 1 &&
            EVP_EncryptUpdate(context_.get(), nullptr, &written, raw(header), length(header.size())) == 1 &&
            EVP_EncryptUpdate(context_.get(), sealed.data(), &written, raw(text), length(text.size())) == 1 &&
            EVP_EncryptFinal_ex(context_.get(), sealed.data(), &written) == 1 &&
            EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_GET_TAG, length(kTagLength),
                                sealed.data() + text.size()) == 1);
    return std::string(as_text(std::as_bytes(std::span(sealed))));
  }

 private:
  Cipher gcm_{EVP_CIPHER_fetch(nullptr, "AES-128-GCM", nullptr)};
  Cipher ecb_{EVP_CIPHER_fetch(nullptr, "AES-128-ECB", nullptr)};
  Mac mac_{EVP_MAC_fetch(nullptr, "HMAC", nullptr)};
  CipherContext context_{EVP_CIPHER_CTX_new()};
  MacContext mac_context_{mac_ ? EVP_MAC_CTX_new(mac_.get()) : nullptr};
  std::vector<std::uint8_t> plain_;
};

Crypto& crypto() {
  thread_local Crypto instance;
  return instance;
}

/// HKDF-Expand-Label without context (RFC 8446, 7.1), for results of at most one hash's length.
template <std::size_t kLength>
void expand(const Secret& secret, std::string_view label, std::array<std::uint8_t, kLength>& result) {
  static_assert(kLength <= std::tuple_size_v<Secret>);
  std::string info{'\0', static_cast<char>(kLength), static_cast<char>(6 + label.size())};
  info += "tls13 ";
  info += label;
  info += std::string_view("\0\1", 2);  // the empty context; the first and only block (RFC 5869, 2.3)
  const Secret block = crypto().hmac(secret, as_bytes(info));
  std::ranges::copy(std::span(block).template first<kLength>(), result.begin());
}

// RFC 9001, 5.3
std::array<std::uint8_t, 12> nonce_of(const QuicInitialKeys& keys, std::uint32_t number) {
  auto nonce = keys.iv;
  for (std::size_t i = 0; i < kLongestNumber; ++i)
    nonce[nonce.size() - 1 - i] ^= static_cast<std::uint8_t>(number >> (8 * i));
  return nonce;
}

}  // namespace

QuicInitialKeys derive_initial_keys(const QuicVersion& version, Bytes connection_id, QuicSide side) {
  const Secret initial = crypto().hmac(*version.salt, connection_id);
  Secret secret{};
  expand(initial, side == QuicSide::client ? "client in" : "server in", secret);
  QuicInitialKeys keys;
  expand(secret, version.has_v2_labels ? "quicv2 key" : "quic key", keys.key);
  expand(secret, version.has_v2_labels ? "quicv2 iv" : "quic iv", keys.iv);
  expand(secret, version.has_v2_labels ? "quicv2 hp" : "quic hp", keys.header_key);
  return keys;
}

std::optional<Bytes> open_initial(const QuicInitialKeys& keys, Bytes packet, std::size_t number_offset) {
  Cursor at(packet);
  at.skip(number_offset);
  Cursor after = at;
  after.skip(kLongestNumber);
  const Bytes sample = after.take(kSampleLength);
  if (!after.ok() || number_offset == 0) return std::nullopt;
  const auto mask = crypto().header_mask(keys, sample);

  std::string header(as_text(at.consumed()));
  const auto first = static_cast<std::uint8_t>(static_cast<std::uint8_t>(header[0]) ^ (mask[0] & 0x0f));
  header[0] = static_cast<char>(first);
  const std::size_t number_length = (first & 3u) + 1u;
  std::uint32_t number = 0;  // RFC 9000, A.3: a first flight's numbers are short of any that would be cut
  for (std::size_t i = 1; i <= number_length; ++i) {
    const auto byte = static_cast<std::uint8_t>(at.u8() ^ mask[i]);
    header += static_cast<char>(byte);
    number = number << 8 | byte;
  }
  const Bytes sealed = at.rest();
  if (sealed.size() < kTagLength) return std::nullopt;
  return crypto().open(keys, nonce_of(keys, number), as_bytes(header), sealed);
}

std::string seal_initial(const QuicInitialKeys& keys, std::string header, const std::string& payload) {
  const std::size_t number_length = (static_cast<std::uint8_t>(header.at(0)) & 3u) + 1u;
  const std::size_t number_offset = header.size() - number_length;
  std::uint32_t number = 0;
  for (const char c : header.substr(number_offset)) number = number << 8 | static_cast<std::uint8_t>(c);
  const std::string sealed = crypto().seal(keys, nonce_of(keys, number), as_bytes(header), as_bytes(payload));
  const auto mask =
      crypto().header_mask(keys, as_bytes(sealed).subspan(kLongestNumber - number_length, kSampleLength));
  header[0] = static_cast<char>(static_cast<std::uint8_t>(header[0]) ^ (mask[0] & 0x0f));
  for (std::size_t i = 0; i < number_length; ++i)
    header[number_offset + i] =
        static_cast<char>(static_cast<std::uint8_t>(header[number_offset + i]) ^ mask[i + 1]);
  return header + sealed;
}

}  // namespace pcapml
