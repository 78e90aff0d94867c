// SPDX-License-Identifier: Apache-2.0
#include "filter/filter_index.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace pcapml {
namespace {

std::array<std::byte, 8> packet_with(std::uint32_t first, std::uint32_t second) {
  std::array<std::byte, 8> packet{};
  for (unsigned i = 0; i < 4; ++i) {
    packet[i] = static_cast<std::byte>(first >> (24 - 8 * i));
    packet[4 + i] = static_cast<std::byte>(second >> (24 - 8 * i));
  }
  return packet;
}

TEST(FilterIndex, TellsSoonOfMostPacketsThatNothingMatchesThemAndOfNoOther) {
  Expressions expressions;
  const ExpressionId words[] = {expressions.load(Expressions::kZero, 0, 4),
                                expressions.load(Expressions::kZero, 4, 4)};
  constexpr std::uint32_t kPrograms = 5000;
  FilterIndex index;
  for (std::uint32_t i = 0; i < kPrograms; ++i) {
    FilterPath path;
    path.equalities.push_back({words[i % 2], 0});
    const bpf_insn equal{BPF_JMP | BPF_JEQ | BPF_K, 0, 0, i * 7};
    index.add({i, true}, path, {&equal, 1});
  }
  index.build(expressions);
  std::uint32_t found = 0, in_vain = 0, unfound = 0;
  for (std::uint32_t i = 0; i < 7 * kPrograms; ++i) {
    const auto packet = packet_with(i, 7 * kPrograms - i);
    const FilterInput input{packet, 8};
    std::vector<FilterCandidate> candidates;
    index.find(expressions, input, candidates);
    const bool may_find = index.may_find(expressions, input);
    if (!candidates.empty()) {
      ASSERT_TRUE(may_find) << i;
      ++found;
    } else {
      ++(may_find ? in_vain : unfound);
    }
  }
  EXPECT_GT(found, kPrograms / 2);
  EXPECT_LT(in_vain, unfound / 20);
}

TEST(FilterIndex, FindsNothingInPacketsThatEndBefore) {
  Expressions expressions;
  FilterIndex index;
  FilterPath path;
  path.equalities.push_back({expressions.load(Expressions::kZero, 4, 4), 0});
  const bpf_insn equal{BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 0};
  index.add({0, true}, path, {&equal, 1});
  index.build(expressions);
  const auto packet = packet_with(0, 0);
  EXPECT_TRUE(index.may_find(expressions, {packet, 8}));
  EXPECT_FALSE(index.may_find(expressions, {Bytes(packet).first(7), 8}));
}

}  // namespace
}  // namespace pcapml
