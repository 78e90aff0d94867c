// SPDX-License-Identifier: Apache-2.0
#include "dataset/flow_labels.h"

#include <gtest/gtest.h>

#include "net/client_hello_builder.h"
#include "net/name_samples.h"

namespace pcapml {
namespace {

using namespace samples;

TEST(NamesOfFlowLabels, ANameThatTookThePlaceOfAnotherIsSeen) {
  LabelRequest request;
  request.resolve = true;
  request.resolver.names = 1;
  request.resolver.flows = 1;
  FlowLabels labels(request);
  Rule rule;
  rule.comment = "0,web";
  for (unsigned i = 0; i < 8; ++i) {
    // Short enough that each is where the one before was.
    const std::string name = std::to_string(i) + ".example";
    const Ends ends{kClient, kServer, 50000 + i, 443};
    const std::string frame = tcp_packet(ends, 1000, kTcpAck, hello_record(browser_hello(name)));
    PacketView packet;
    packet.data = as_bytes(frame);
    labels.packet(packet, kLinkRaw);
    EXPECT_EQ(labels.comment(rule), "0,web,dst=" + name);
  }
}

}  // namespace
}  // namespace pcapml
