// SPDX-License-Identifier: Apache-2.0
#include "net/quic_version.h"

namespace pcapml {
namespace {

constexpr QuicSalt kDraft22{0x7f, 0xbc, 0xdb, 0x0e, 0x7c, 0x66, 0xbb, 0xe9, 0x19, 0x3a,
                            0x96, 0xcd, 0x21, 0x51, 0x9e, 0xbd, 0x7a, 0x02, 0x64, 0x4a};
constexpr QuicSalt kDraft23{0xc3, 0xee, 0xf7, 0x12, 0xc7, 0x2e, 0xbb, 0x5a, 0x11, 0xa7,
                            0xd2, 0x43, 0x2b, 0xb4, 0x63, 0x65, 0xbe, 0xf9, 0xf5, 0x02};
constexpr QuicSalt kDraft29{0xaf, 0xbf, 0xec, 0x28, 0x99, 0x93, 0xd2, 0x4c, 0x9e, 0x97,
                            0x86, 0xf1, 0x9c, 0x61, 0x11, 0xe0, 0x43, 0x90, 0xa8, 0x99};
constexpr QuicSalt kRfc9001{0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
                            0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a};
constexpr QuicSalt kRfc9369{0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93,
                            0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9};
constexpr QuicSalt kDraftOfV2{0xa7, 0x07, 0xc2, 0x03, 0xa5, 0x9b, 0x47, 0x18, 0x4a, 0x1d,
                              0x62, 0xca, 0x57, 0x04, 0x06, 0xea, 0x7a, 0xe3, 0xe5, 0xd3};
constexpr QuicSalt kQ050{0x50, 0x45, 0x74, 0xef, 0xd0, 0x66, 0xfe, 0x2f, 0x9d, 0x94,
                         0x5c, 0xfc, 0xdb, 0xd3, 0xa7, 0xf0, 0xd3, 0xb5, 0x6b, 0x45};
constexpr QuicSalt kT050{0x7f, 0xf5, 0x79, 0xe5, 0xac, 0xd0, 0x72, 0x91, 0x55, 0x80,
                         0x30, 0x4c, 0x43, 0xa2, 0x36, 0x7c, 0x60, 0x48, 0x83, 0x10};
constexpr QuicSalt kT051{0x7a, 0x4e, 0xde, 0xf4, 0xe7, 0xcc, 0xee, 0x5f, 0xa4, 0x50,
                         0x6c, 0x19, 0x12, 0x4f, 0xc8, 0xcc, 0xda, 0x6e, 0x03, 0x3d};

// The first three are what a reserved number may stand for, the likeliest first.
constexpr QuicVersion kVersions[] = {
    {&kRfc9001},
    {&kDraft29},
    {&kDraft23},
    {&kDraft22},
    {&kRfc9369, 1, 0, true, false},
    {&kDraftOfV2, 1, 0, true, false},
    {&kQ050, 0, 3, false, true},
    {&kT050, 0, 3, false, true},
    {&kT051, 0, 3, false, true},
};
enum Index : std::size_t {
  kV1,
  kD29,
  kD23,
  kD22,
  kV2,
  kV2Draft,
  kGoogleQ050,
  kGoogleT050,
  kGoogleT051,
  kUnknown
};

constexpr std::uint32_t tag(const char (&text)[5]) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < 4; ++i) number = number << 8 | static_cast<std::uint8_t>(text[i]);
  return number;
}

// Salts changed with drafts 23, 29 and 33 of draft-ietf-quic-tls; long headers are as today since draft 22.
Index index_of_draft(std::uint32_t draft) {
  if (draft < 22 || draft > 34) return kUnknown;
  if (draft < 23) return kD22;
  if (draft < 29) return kD23;
  return draft < 33 ? kD29 : kV1;
}

Index index_of(std::uint32_t number) {
  switch (number) {
    case kQuicVersion1:
    case 0xfaceb003:  // mvfst's alias of version 1
      return kV1;
    case kQuicVersion2: return kV2;
    case 0x709a50c4:  // draft-ietf-quic-v2-01 to -09
      return kV2Draft;
    case 0xfaceb001: return kD22;  // mvfst that is draft 24 but for the salt
    case tag("Q050"): return kGoogleQ050;
    case tag("T050"): return kGoogleT050;
    case tag("T051"): return kGoogleT051;
    default: break;
  }
  if ((number & 0xffffff00) == 0xff000000) return index_of_draft(number & 0xff);
  if ((number & 0xffffffe0) == 0xfaceb000) return kD23;  // mvfst and its experiments
  return kUnknown;
}

}  // namespace

std::span<const QuicVersion> quic_versions(std::uint32_t number) {
  const std::span all(kVersions);
  if ((number & 0x0f0f0f0f) == 0x0a0a0a0a) return all.first(3);
  const Index index = index_of(number);
  return index == kUnknown ? all.first(0) : all.subspan(index, 1);
}

bool is_cleartext_google_quic(std::uint32_t number) {
  const std::uint32_t tens = (number >> 8) & 0xff, ones = number & 0xff;
  return number >> 16 == (tag("Q000") >> 16) && tens >= '0' && tens <= '4' && ones >= '0' && ones <= '9';
}

}  // namespace pcapml
