// SPDX-License-Identifier: Apache-2.0
#include "label/filter_alternatives.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace pcapml {
namespace {

/// libpcap compiles so many in a millisecond or two.
constexpr std::size_t kPiece = 16;

bool is_word_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         std::string_view(".:_-").find(c) != std::string_view::npos;
}

template <std::size_t N>
bool is_one_of(std::string_view word, const std::array<std::string_view, N>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// What follows means something else behind these.
constexpr std::array<std::string_view, 7> kShifting = {"vlan",   "mpls",  "pppoed",    "pppoes",
                                                       "geneve", "vxlan", "protochain"};
/// An alternative that begins with one of these takes nothing from the one before.
constexpr std::array<std::string_view, 14> kBeginnings = {"host", "net", "port", "portrange", "src",
                                                          "dst",  "ip",  "ip6",  "tcp",       "udp",
                                                          "icmp", "arp", "sctp", "ether"};

/// The words and signs of a filter, one at a time.
class Tokens {
 public:
  explicit Tokens(std::string_view filter) : filter_(filter) {}

  /// Empty at the end. An index in brackets is one token.
  std::string_view next() {
    at_ = std::min(filter_.find_first_not_of(" \t\r\n", at_), filter_.size());
    std::size_t end = at_;
    if (end < filter_.size() && filter_[end] == '[') {
      end = std::min(filter_.find(']', end), filter_.size() - 1) + 1;
    } else if (filter_.substr(end, 2) == "||" || filter_.substr(end, 2) == "&&") {
      end += 2;
    } else if (end < filter_.size() && !is_word_character(filter_[end])) {
      ++end;
    } else {
      while (end < filter_.size() && is_word_character(filter_[end])) ++end;
    }
    const std::string_view token = filter_.substr(at_, end - at_);
    at_ = end;
    return token;
  }
  std::size_t position() const { return at_; }

 private:
  std::string_view filter_;
  std::size_t at_ = 0;
};

bool is_end(std::string_view word) { return word == "src" || word == "dst"; }

}  // namespace

std::optional<std::vector<std::string_view>> split_alternatives(std::string_view filter) {
  std::vector<std::string_view> pieces;
  std::size_t begin = 0, alternatives = 1;
  int depth = 0;
  bool is_beginning = true;
  std::string_view before;
  Tokens tokens(filter);
  for (std::string_view token = tokens.next(); !token.empty(); before = token, token = tokens.next()) {
    if (is_one_of(token, kShifting)) return std::nullopt;
    if (is_beginning && token != "(" && token != "!" && token != "not") {
      if (!is_one_of(token, kBeginnings)) return std::nullopt;
      is_beginning = false;
    }
    depth += token == "(" ? 1 : token == ")" ? -1 : 0;
    if (depth < 0) return std::nullopt;
    if (depth > 0) continue;
    const bool is_or = token == "or" || token == "||";
    if (!is_or && token != "and" && token != "&&") continue;
    if (is_end(before)) {  // `src or dst port 80`
      before = token;
      token = tokens.next();
      if (is_end(token)) continue;
      return std::nullopt;
    }
    if (!is_or) return std::nullopt;
    is_beginning = true;
    if (++alternatives % kPiece != 1) continue;
    pieces.push_back(filter.substr(begin, tokens.position() - token.size() - begin));
    begin = tokens.position();
  }
  if (depth != 0 || is_beginning) return std::nullopt;
  pieces.push_back(filter.substr(begin));
  return pieces;
}

std::vector<bpf_insn> join_alternatives(const std::vector<std::vector<bpf_insn>>& programs) {
  std::vector<bpf_insn> joined;
  for (const std::vector<bpf_insn>& program : programs) {
    const std::size_t end = joined.size() + program.size();
    for (bpf_insn insn : program) {
      if (insn.code == (BPF_RET | BPF_K) && insn.k == 0)
        insn = {BPF_JMP | BPF_JA, 0, 0, static_cast<std::uint32_t>(end - joined.size() - 1)};
      joined.push_back(insn);
    }
  }
  joined.push_back({BPF_RET | BPF_K, 0, 0, 0});
  return joined;
}

}  // namespace pcapml
