// SPDX-License-Identifier: Apache-2.0
#include "format/process_block.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string_view>

#include "format/block.h"
#include "format/options.h"
#include "format/store.h"
#include "pcapml/cursor.h"

namespace pcapml {
namespace {

constexpr std::uint32_t kProcessEntry = 3;
constexpr std::size_t kUuidLength = 16;
constexpr std::string_view kCgroup = "cgroup=", kBuildId = "build_id=";

enum ProcessOption : std::uint16_t {
  kProcessName = 2,
  kProcessPath = 3,
  kProcessCommandLine = 4,
  kProcessParent = 5,
  kProcessUid = 6,
  kProcessUser = 7,
  kProcessUuid = 8,
  kProcessStartTime = 9,
};

std::string encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte == '%' || byte == ',' || byte < 0x20 || byte == 0x7f)
      out += fmt::format("%{:02X}", byte);
    else
      out += c;
  }
  return out;
}

std::string decoded(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    unsigned char byte = 0;
    const char* end = text.data() + std::min<std::size_t>(text.size(), 3);
    if (text.front() == '%' && text.size() >= 3 &&
        std::from_chars(text.data() + 1, end, byte, 16).ptr == end) {
      out += static_cast<char>(byte);
      text.remove_prefix(3);
    } else {
      out += text.front();
      text.remove_prefix(1);
    }
  }
  return out;
}

std::string comment_of(const ProcessInfo& info) {
  std::string comment;
  if (!info.cgroup.empty()) comment.append(kCgroup).append(encoded(info.cgroup));
  if (!comment.empty() && !info.build_id.empty()) comment += ',';
  if (!info.build_id.empty()) comment.append(kBuildId).append(encoded(info.build_id));
  return comment;
}

void read_comment(std::string_view comment, ProcessInfo& info) {
  while (!comment.empty()) {
    const std::string_view field = comment.substr(0, comment.find(','));
    if (field.starts_with(kCgroup)) info.cgroup = decoded(field.substr(kCgroup.size()));
    if (field.starts_with(kBuildId)) info.build_id = decoded(field.substr(kBuildId.size()));
    comment.remove_prefix(std::min(field.size() + 1, comment.size()));
  }
}

void add_text(OptionList& options, std::uint16_t code, std::string_view text) {
  if (!text.empty()) options.add(code, text.substr(0, kMaxOptionLength));
}

/// False where the value has not the length of a number.
template <class T>
bool read_number(Bytes value, T& number) {
  return value.size() == sizeof number && Cursor(value, ByteOrder::little).read(number);
}

bool read_option(const Option& option, ProcessInfo& info) {
  switch (option.code) {
    case kComment: read_comment(option.text(), info); return true;
    case kProcessName: info.name = option.text(); return true;
    case kProcessPath: info.path = option.text(); return true;
    case kProcessCommandLine: info.command_line = option.text(); return true;
    case kProcessParent: return read_number(option.value, info.parent.emplace());
    case kProcessUid: return read_number(option.value, info.uid.emplace());
    case kProcessUser: info.user = option.text(); return true;
    case kProcessUuid:
      info.uuid.assign(option.value.begin(), option.value.end());
      return info.uuid.size() == kUuidLength;
    case kProcessStartTime: {
      std::uint64_t time = 0;
      if (!read_number(option.value, time)) return false;
      info.start_time_ns = static_cast<std::int64_t>(time);
      return true;
    }
    default: return true;
  }
}

}  // namespace

std::vector<std::byte> process_block_body(const ProcessInfo& info, ByteOrder section) {
  OptionList options(ByteOrder::little);
  add_text(options, kProcessName, info.name);
  add_text(options, kProcessPath, info.path);
  add_text(options, kProcessCommandLine, info.command_line);
  if (info.parent) options.add_u32(kProcessParent, *info.parent);
  if (info.uid) options.add_u32(kProcessUid, *info.uid);
  add_text(options, kProcessUser, info.user);
  if (info.uuid.size() == kUuidLength) options.add(kProcessUuid, Bytes(info.uuid));
  if (info.start_time_ns != 0)
    options.add_u64(kProcessStartTime, static_cast<std::uint64_t>(info.start_time_ns));
  add_text(options, kComment, comment_of(info));
  if (!options.bytes().empty()) options.add(kEndOfOptions, Bytes{});

  const auto entry_length = static_cast<std::uint32_t>(4 + options.bytes().size());
  std::vector<std::byte> body(std::size_t{12} + entry_length);
  std::byte* to = store(body.data(), kWiresharkEnterprise, section);
  to = store(to, kProcessEntry, ByteOrder::little);
  to = store(to, entry_length, ByteOrder::little);
  to = store(to, info.pid, ByteOrder::little);
  store(to, Bytes(options.bytes()));
  return body;
}

std::optional<ProcessInfo> parse_process_block(Bytes body, ByteOrder section) {
  Cursor at(body, section);
  const auto enterprise = at.u32();
  const auto entry_type = at.le32();
  Cursor entry(at.take(at.le32()), ByteOrder::little);
  ProcessInfo info;
  info.pid = entry.u32();
  const auto options = check_options(entry.rest(), ByteOrder::little);
  if (!at.ok() || !entry.ok() || !options) return std::nullopt;
  if (enterprise != kWiresharkEnterprise || entry_type != kProcessEntry) return std::nullopt;
  for (const Option& option : OptionsView(*options, ByteOrder::little))
    if (!read_option(option, info)) return std::nullopt;
  return info;
}

std::optional<std::uint32_t> process_of(const OptionsView& packet) {
  const auto option = packet.find(kPacketProcessThread);
  std::uint32_t process = 0, thread = 0;
  if (!option || option->value.size() != sizeof process + sizeof thread) return std::nullopt;
  Cursor(option->value, packet.order()).read(process, thread);
  return process;
}

}  // namespace pcapml
