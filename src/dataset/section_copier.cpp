// SPDX-License-Identifier: Apache-2.0
#include "dataset/section_copier.h"

#include "format/block.h"
#include "format/options.h"
#include "format/synthetic_ethernet.h"

namespace pcapml {

std::vector<std::byte> application_option(ByteOrder order) {
  OptionList options(order);
  options.add(kSectionApplication, "pcapml " PCAPML_VERSION);
  return std::move(options).take();
}

void SectionCopier::copy(const Record& record, const Reader& reader) {
  const bool from_pcap = reader.format() == FileFormat::pcap;
  switch (record.kind) {
    case Record::Kind::section:
      if (from_pcap) break;  // decided with its interface
      writer_.section(reader.sections().back().order, reader.sections().back().options);
      shares_pcap_section_ = false;
      break;
    case Record::Kind::interface: {
      const Interface& interface = reader.interfaces().back();
      if (from_pcap) {
        copy_pcap_interface(interface);
      } else {
        writer_.interface(link_ethernet_ ? with_ethernet(interface) : interface);
      }
      break;
    }
    case Record::Kind::block: writer_.block(record.block.type, record.block.body); break;
    case Record::Kind::packet: break;
  }
}

void SectionCopier::copy_pcap_interface(const Interface& interface) {
  const bool alike = shares_pcap_section_ && interface.link_type == shared_interface_.link_type &&
                     interface.snap_length == shared_interface_.snap_length &&
                     interface.options == shared_interface_.options;
  if (alike) return;
  writer_.section(interface.order, application_option(interface.order));
  writer_.interface(link_ethernet_ ? with_ethernet(interface) : interface);
  shares_pcap_section_ = true;
  shared_interface_ = interface;
}

}  // namespace pcapml
