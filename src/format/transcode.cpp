// SPDX-License-Identifier: Apache-2.0
#include "format/transcode.h"

#include <limits>

#include "format/block.h"
#include "format/store.h"
#include "pcapml/cursor.h"

namespace pcapml {
namespace {

/// Reads in one byte order and writes what it read in the other.
class Recoder {
 public:
  Recoder(Bytes from, ByteOrder order, ByteOrder to) : in_(from, order), to_(to) {
    out_.reserve(from.size());
  }

  std::uint16_t u16() { return put(in_.u16()); }
  std::uint32_t u32() { return put(in_.u32()); }
  std::uint64_t u64() { return put(in_.u64()); }
  /// A u32 that becomes another number.
  template <class Change>
  void u32_as(Change change) {
    put(change(in_.u32()));
  }
  /// Bytes that no order concerns.
  void keep(std::size_t n) {
    const Bytes piece = in_.take(n);
    out_.insert(out_.end(), piece.begin(), piece.end());
  }
  /// Bytes that nobody knows the meaning of.
  void keep_opaque(std::size_t n) {
    keep(n);
    opaque_ = opaque_ || n > 0;
  }

  /// The next byte, or 0, without moving on.
  std::uint8_t next_octet() const { return Cursor(in_.rest()).u8(); }
  bool ok() const { return in_.ok(); }
  std::size_t remaining() const { return in_.remaining(); }
  Transcoded take() && { return {std::move(out_), opaque_}; }

 private:
  template <class T>
  T put(T value) {
    const std::size_t at = out_.size();
    out_.resize(at + sizeof value);
    store(out_.data() + at, value, to_);
    return value;
  }

  Cursor in_;
  ByteOrder to_;
  std::vector<std::byte> out_;
  bool opaque_ = false;
};

/// What an option's value is made of.
enum class Layout {
  octets,  ///< text, addresses, single bytes
  u32,
  u64,
  u32_pair,
  enterprise_text,    ///< a Private Enterprise Number, then text
  enterprise_binary,  ///< a Private Enterprise Number, then what only its owner knows
  filter,
  verdict,
  unknown,
};

/// Draft, section 3.5: the options of every block.
Layout common_layout(std::uint16_t code) {
  switch (code) {
    case kComment: return Layout::octets;
    case kCustomTextCopy:
    case kCustomText: return Layout::enterprise_text;
    case kCustomBinaryCopy:
    case kCustomBinary: return Layout::enterprise_binary;
    default: return Layout::unknown;
  }
}

/// Draft, section 4.2.
Layout interface_layout(std::uint16_t code) {
  switch (code) {
    case kInterfaceName:
    case kInterfaceDescriptionText:
    case kInterfaceIpv4:
    case kInterfaceIpv6:
    case kInterfaceMac:
    case kInterfaceEui:
    case kInterfaceResolution:
    case kInterfaceOs:
    case kInterfaceFcsLength:
    case kInterfaceHardware:
    case kInterfaceTimeZoneName: return Layout::octets;
    case kInterfaceTimeZone:
    case kInterfaceTimeOffsetNs: return Layout::u32;
    case kInterfaceSpeed:
    case kInterfaceTimeOffset:
    case kInterfaceTransmitSpeed:
    case kInterfaceReceiveSpeed: return Layout::u64;
    case kInterfaceFilter: return Layout::filter;
    default: return common_layout(code);
  }
}

/// Draft, section 4.3; the obsolete Packet Block (appendix A) has the first two.
Layout packet_layout(std::uint16_t code) {
  switch (code) {
    case kPacketHash: return Layout::octets;
    case kPacketFlags:
    case kPacketQueue: return Layout::u32;
    case kPacketDropCount:
    case kPacketId: return Layout::u64;
    case kPacketProcessThread: return Layout::u32_pair;
    case kPacketVerdict: return Layout::verdict;
    default: return common_layout(code);
  }
}

Layout layout_of(OptionScope scope, std::uint16_t code) {
  switch (scope) {
    case OptionScope::section:  // draft, section 4.1
      return code >= kSectionHardware && code <= kSectionApplication ? Layout::octets : common_layout(code);
    case OptionScope::interface: return interface_layout(code);
    case OptionScope::packet: return packet_layout(code);
    case OptionScope::name_resolution:  // draft, section 4.5
      return code >= kResolverName && code <= kResolverIpv6 ? Layout::octets : common_layout(code);
    case OptionScope::statistics:  // draft, section 4.6: times are two halves, counters are whole
      if (code == kStatisticsStart || code == kStatisticsEnd) return Layout::u32_pair;
      return code >= kStatisticsReceived && code <= kStatisticsDelivered ? Layout::u64 : common_layout(code);
    case OptionScope::secrets:
    case OptionScope::other: break;
  }
  return common_layout(code);
}

/// The type octet of an if_filter or epb_verdict value decides how the rest is laid out.
void recode_typed(Recoder& list, Layout layout, std::size_t length, std::uint8_t type) {
  constexpr std::uint8_t kFilterText = 0, kHardware = 0, kTrafficControl = 1, kXdp = 2;
  const bool octets = type == (layout == Layout::filter ? kFilterText : kHardware);
  if (octets) {
    list.keep(length);
  } else if (layout == Layout::verdict && (type == kTrafficControl || type == kXdp) && length == 9) {
    list.keep(1);
    list.u64();
  } else {
    list.keep_opaque(length);
  }
}

void recode_value(Recoder& list, Layout layout, std::size_t length, std::uint8_t first) {
  if (layout == Layout::octets) {
    list.keep(length);
  } else if (layout == Layout::u32 && length == 4) {
    list.u32();
  } else if (layout == Layout::u64 && length == 8) {
    list.u64();
  } else if (layout == Layout::u32_pair && length == 8) {
    list.u32();
    list.u32();
  } else if (layout == Layout::enterprise_text && length >= 4) {
    list.u32();
    list.keep(length - 4);
  } else if (layout == Layout::enterprise_binary && length >= 4) {
    list.u32();
    list.keep_opaque(length - 4);
  } else if ((layout == Layout::filter || layout == Layout::verdict) && length >= 1) {
    recode_typed(list, layout, length, first);
  } else {
    list.keep_opaque(length);
  }
}

/// A list may end without opt_endofopt (draft, section 3.5); what follows that mark is nobody's.
void recode_options(Recoder& list, OptionScope scope) {
  while (list.remaining() >= 4) {
    const std::uint16_t code = list.u16();
    const std::uint16_t length = list.u16();
    if (code == kEndOfOptions) break;
    recode_value(list, layout_of(scope, code), length, list.next_octet());
    list.keep(padded(length) - length);
    if (!list.ok()) return;
  }
  list.keep_opaque(list.remaining());
}

/// Draft, section 4.5.
void recode_names(Recoder& body) {
  constexpr std::uint16_t kEndRecord = 0, kLastKnownRecord = 4;
  while (body.ok() && body.remaining() > 0) {
    const std::uint16_t type = body.u16();
    const std::size_t length = padded(body.u16());
    if (type == kEndRecord) {
      body.keep_opaque(length);  // it should have none
      return recode_options(body, OptionScope::name_resolution);
    }
    // The values of all known records are octets: an address, then names.
    if (type <= kLastKnownRecord)
      body.keep(length);
    else
      body.keep_opaque(length);
  }
}

/// Draft, section 4.6.
void recode_statistics(Recoder& body, std::uint32_t interface_base) {
  // A number that named no interface must not wrap round to one that does.
  body.u32_as([&](std::uint32_t id) {
    constexpr std::uint32_t kMost = std::numeric_limits<std::uint32_t>::max();
    return id > kMost - interface_base ? kMost : id + interface_base;
  });
  body.u32();
  body.u32();
  recode_options(body, OptionScope::statistics);
}

/// Draft, section 4.7: the secrets that are defined are text, or octets whose order is always the same.
bool is_known_secret(std::uint32_t type) {
  switch (type) {
    case 0x5353484b:  // SSH
    case 0x544c534b:  // TLS
    case 0x55414b4c:  // OPC UA
    case 0x57474b4c:  // WireGuard
    case 0x5a4e574b:  // ZigBee network key
    case 0x5a415053:  // ZigBee link key
      return true;
    default: return false;
  }
}

void recode_secrets(Recoder& body) {
  const std::uint32_t type = body.u32();
  const std::size_t length = padded(body.u32());
  if (is_known_secret(type))
    body.keep(length);
  else
    body.keep_opaque(length);
  recode_options(body, OptionScope::secrets);
}

/// Draft, section 4.8: only the enterprise number is sure to be in the section's order.
void recode_custom(Recoder& body) {
  const std::uint32_t enterprise = body.u32();
  if (enterprise == kWiresharkEnterprise)
    body.keep(body.remaining());  // little-endian in every section
  else
    body.keep_opaque(body.remaining());
}

Transcoded copied(Bytes bytes, bool opaque) { return {{bytes.begin(), bytes.end()}, opaque}; }

}  // namespace

Transcoded transcode_options(OptionsView options, OptionScope scope, ByteOrder to) {
  const Bytes bytes = options.encoded();
  if (options.order() == to) return copied(bytes, false);
  Recoder list(bytes, options.order(), to);
  recode_options(list, scope);
  return list.ok() ? std::move(list).take() : copied(bytes, true);
}

Transcoded transcode_block(const BlockView& block, ByteOrder to, std::uint32_t interface_base) {
  const bool renumber = block.type == kInterfaceStatistics && interface_base != 0;
  if (block.order == to && !renumber) return copied(block.body, false);
  Recoder body(block.body, block.order, to);
  switch (block.type) {
    case kNameResolution: recode_names(body); break;
    case kInterfaceStatistics: recode_statistics(body, interface_base); break;
    case kDecryptionSecrets: recode_secrets(body); break;
    case kCustom:
    case kCustomNoCopy: recode_custom(body); break;
    case kJournalExport: return copied(block.body, false);  // text
    default: return copied(block.body, true);
  }
  if (!body.ok()) return copied(block.body, true);
  Transcoded result = std::move(body).take();
  if (block.order == to) result.opaque = false;
  return result;
}

TranscodedInterface transcode_interface(const Interface& interface, ByteOrder to) {
  TranscodedInterface result{interface, false};
  Transcoded options = transcode_options(interface.options_view(), OptionScope::interface, to);
  result.interface.options = std::move(options.bytes);
  result.interface.order = to;
  result.opaque = options.opaque;
  return result;
}

}  // namespace pcapml
