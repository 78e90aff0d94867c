// SPDX-License-Identifier: Apache-2.0
#include "dataset/joined_section.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "dataset/section_copier.h"
#include "format/block.h"
#include "format/options.h"
#include "format/transcode.h"

namespace pcapml {
namespace {

bool has_option(const OptionList& list, const Option& option) {
  const OptionsView view(list.bytes(), list.order());
  for (const Option& present : view)
    if (present.code == option.code &&
        std::equal(present.value.begin(), present.value.end(), option.value.begin(), option.value.end()))
      return true;
  return false;
}

}  // namespace

/// The options of the first section, then those of the others that say something new. What a section may say
/// only once (draft, section 4.1) is said in a comment the second time.
std::vector<std::byte> JoinedSection::section_options() const {
  OptionList joined(order_);
  for (const auto& input : inputs_) {
    if (input.reader.format() == FileFormat::pcap) {
      const auto own = application_option(order_);
      for (const Option& option : OptionsView(own, order_))
        if (joined.bytes().empty()) joined.add(option.code, option.value);
      continue;
    }
    for (const Section& section : input.reader.sections()) {
      const Transcoded options = transcode_options(section.options_view(), OptionScope::section, order_);
      for (const Option& option : OptionsView(options.bytes, order_)) {
        if (has_option(joined, option)) continue;
        const bool once = option.code == kSectionHardware || option.code == kSectionOs ||
                          option.code == kSectionApplication;
        if (!once || !OptionsView(joined.bytes(), order_).find(option.code)) {
          joined.add(option.code, option.value);
        } else {
          constexpr const char* kNames[] = {"hardware", "os", "application"};
          joined.add(kComment, fmt::format("another section's {}: {}", kNames[option.code - kSectionHardware],
                                           option.text()));
        }
      }
    }
  }
  return std::move(joined).take();
}

void JoinedSection::begin(std::vector<std::string>& warnings) {
  const auto& sections = inputs_.front().reader.sections();
  if (!sections.empty()) order_ = sections.front().order;
  writer_.section(order_, section_options());
  for (const auto& input : inputs_) {
    interface_bases_.push_back(writer_.interface_count());
    for (const Interface& interface : input.reader.interfaces()) {
      const TranscodedInterface transcoded = transcode_interface(interface, order_);
      if (transcoded.opaque)
        warnings.push_back(
            fmt::format("{}: an unknown option of an interface stays as it was, in the byte order of "
                        "its old section",
                        input.reader.source().name()));
      writer_.interface(transcoded.interface);
    }
  }
  write_blocks(false, warnings);
}

void JoinedSection::write_blocks(bool statistics, std::vector<std::string>& warnings) {
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    std::map<std::string, std::size_t> opaque;
    inputs_[i].blocks.for_each([&](const BlockView& block, std::uint32_t first_interface) {
      if ((block.type == kInterfaceStatistics) != statistics) return;
      const Transcoded transcoded = transcode_block(block, order_, interface_bases_[i] + first_interface);
      if (transcoded.opaque) ++opaque[block_name(block.type)];
      writer_.block(block.type, transcoded.bytes);
    });
    for (const auto& [name, count] : opaque)
      warnings.push_back(
          fmt::format("{}: {} × {} has content of unknown meaning, which stays as it was, in the byte "
                      "order of its old section",
                      inputs_[i].reader.source().name(), count, name));
  }
}

void JoinedSection::packet(const PacketView& packet, std::uint32_t input, const PacketOptions& options) {
  write_transcoded(writer_, interface_bases_[input] + packet.interface, packet, options);
}

void JoinedSection::end(std::vector<std::string>& warnings) { write_blocks(true, warnings); }

void write_transcoded(PcapngWriter& writer, std::uint32_t interface, const PacketView& packet,
                      const PacketOptions& options) {
  if (packet.options.order() == writer.order() || packet.options.empty())
    return writer.packet(interface, packet, options);
  const auto transcode = [&](Bytes bytes) {
    return transcode_options(OptionsView(bytes, packet.options.order()), OptionScope::packet, writer.order())
        .bytes;
  };
  const auto before = transcode(options.before);
  const auto after = transcode(options.after);
  writer.packet(interface, packet, {before, options.comment, after});
}

}  // namespace pcapml
