// SPDX-License-Identifier: Apache-2.0
#include "dataset/link_type_name.h"

#include <algorithm>
#include <iterator>

namespace pcapml {
namespace {

struct Name {
  std::uint16_t link_type;
  const char* name;
};

// By number. Values: draft-ietf-opsawg-pcaplinktype.
constexpr Name kNames[] = {
    {0, "null"},
    {1, "ethernet"},
    {6, "ieee802_5"},
    {8, "slip"},
    {9, "ppp"},
    {10, "fddi"},
    {12, "raw"},
    {14, "raw"},
    {50, "ppp_hdlc"},
    {51, "ppp_ether"},
    {100, "atm_rfc1483"},
    {101, "raw"},
    {104, "c_hdlc"},
    {105, "ieee802_11"},
    {107, "frelay"},
    {108, "loop"},
    {113, "linux_sll"},
    {117, "pflog"},
    {119, "ieee802_11_prism"},
    {127, "ieee802_11_radiotap"},
    {138, "apple_ip_over_ieee1394"},
    {143, "docsis"},
    {147, "user0"},
    {163, "ieee802_11_avs"},
    {166, "ppp_pppd"},
    {187, "bluetooth_hci_h4"},
    {189, "usb_linux"},
    {192, "ppi"},
    {195, "ieee802_15_4"},
    {201, "bluetooth_hci_h4_with_phdr"},
    {220, "usb_linux_mmapped"},
    {227, "can_socketcan"},
    {228, "ipv4"},
    {229, "ipv6"},
    {230, "ieee802_15_4_nofcs"},
    {231, "dbus"},
    {239, "nflog"},
    {247, "infiniband"},
    {248, "sctp"},
    {249, "usbpcap"},
    {251, "bluetooth_le_ll"},
    {252, "wireshark_upper_pdu"},
    {253, "netlink"},
    {254, "bluetooth_linux_monitor"},
    {258, "pktap"},
    {265, "usb_darwin"},
    {271, "vsock"},
    {276, "linux_sll2"},
};

}  // namespace

std::string link_type_name(std::uint16_t link_type) {
  const auto* found =
      std::lower_bound(std::begin(kNames), std::end(kNames), link_type,
                       [](const Name& name, std::uint16_t value) { return name.link_type < value; });
  if (found != std::end(kNames) && found->link_type == link_type) return found->name;
  return std::to_string(link_type);
}

}  // namespace pcapml
