// SPDX-License-Identifier: Apache-2.0
// The only file that compiles filters.
#include "label/bpf_filter.h"

#include <fmt/format.h>
#include <pcap/pcap.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <new>
#include <stdexcept>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "label/filter_alternatives.h"
#include "label/filter_words.h"
#include "label/text.h"

namespace pcapml {
namespace {

constexpr std::uint16_t kEthernet = 1, kRaw = 101;
constexpr std::uint16_t kHighestLinkType = 320;  // libpcap 1.10 knows none above 301
constexpr std::uint32_t kSnapLength = 262'144;

// libpcap's optimiser takes cubic time: 256 ports joined by `or` (16,000 instructions before it begins) take
// 3 seconds, 256 port ranges (24,000) 25.
constexpr std::size_t kLongestFilter = 32'768;
constexpr std::size_t kMostTerms = 512;
constexpr unsigned kMostInstructions = 32'768;
constexpr std::size_t kLongestAlternatives = std::size_t{1} << 20;  // of a filter that is compiled in pieces
constexpr std::size_t kFewTerms = 100;  // that libpcap compiles as they are, in half a second
constexpr const char* kTooLong =
    "libpcap would take minutes to compile this; split it into several rules that share a hash_key";
constexpr const char* kRejectsAll = "expression rejects all packets";

struct CloseHandle {
  void operator()(pcap_t* handle) const { pcap_close(handle); }
};
using Handle = std::unique_ptr<pcap_t, CloseHandle>;

/// A handle for reading a file of this link type. pcap_open_dead would do for most, but libpcap translates
/// link types and picks the values of AF_INET6 as a file needs them only for a handle that reads one.
Handle open_handle(LinkLayer link) {
  const bool swap = link.order != kNativeOrder;
  const auto word = [swap](std::uint32_t value) { return swap ? __builtin_bswap32(value) : value; };
  const auto half = [swap](std::uint16_t value) { return swap ? __builtin_bswap16(value) : value; };
  pcap_file_header header{};
  header.magic = word(0xA1B2C3D4);
  header.version_major = half(PCAP_VERSION_MAJOR);
  header.version_minor = half(PCAP_VERSION_MINOR);
  header.snaplen = word(kSnapLength);
  header.linktype = word(link.link_type);
  std::FILE* file = fmemopen(&header, sizeof header, "rb");
  if (file == nullptr) throw std::bad_alloc();
  std::array<char, PCAP_ERRBUF_SIZE> error{};
  Handle handle(pcap_fopen_offline(file, error.data()));
  if (handle) return handle;
  std::fclose(file);
  throw std::runtime_error(fmt::format("libpcap, link type {}: {}", link.link_type, error.data()));
}

/// Scratch words that some path reads before it writes them, one bit each. One pass does: jumps go forward,
/// and those of protochain's loops go back to where no more is set.
std::uint32_t unset_scratch(const std::vector<bpf_insn>& program) {
  const std::size_t size = program.size();
  std::vector<std::uint32_t> set(size, ~std::uint32_t{0});  // on every path that comes here
  std::uint32_t unset = 0;
  if (size > 0) set[0] = 0;
  for (std::size_t i = 0; i < size; ++i) {
    const bpf_insn& insn = program[i];
    std::uint32_t now = set[i];
    const auto flows_to = [&](std::size_t next) {
      if (next < size) set[next] &= now;
    };
    const std::uint32_t word = std::uint32_t{1} << (insn.k % BPF_MEMWORDS);
    const auto kind = BPF_CLASS(insn.code);
    if (kind == BPF_ST || kind == BPF_STX) now |= word;
    if ((kind == BPF_LD || kind == BPF_LDX) && BPF_MODE(insn.code) == BPF_MEM) unset |= word & ~now;
    if (kind == BPF_RET) continue;
    if (kind != BPF_JMP) {
      flows_to(i + 1);
    } else if (BPF_OP(insn.code) == BPF_JA) {
      flows_to(i + 1 + insn.k);
    } else {
      flows_to(i + 1 + insn.jt);
      flows_to(i + 1 + insn.jf);
    }
  }
  return unset;
}

/// What pcap_compile fills.
class Compiled {
 public:
  Compiled() = default;
  ~Compiled() { pcap_freecode(&program_); }
  Compiled(const Compiled&) = delete;
  Compiled& operator=(const Compiled&) = delete;

  bpf_program* get() { return &program_; }
  std::size_t size() const { return program_.bf_len; }
  std::vector<bpf_insn> instructions() const {
    return {program_.bf_insns, program_.bf_insns + program_.bf_len};
  }

 private:
  bpf_program program_{};
};

/// `not geneve or rarp` compiles to a program that reads scratch memory which it never wrote, and libpcap
/// runs it on whatever lies on the stack. A label must not depend on that: such words begin as 0.
void clear_unset_scratch(std::vector<bpf_insn>& program) {
  const std::uint32_t unset = unset_scratch(program);
  for (std::uint32_t word = 0; word < BPF_MEMWORDS; ++word)
    if ((unset >> word & 1) != 0)
      program.insert(program.begin(), {BPF_ST, 0, 0, word});  // the accumulator begins as 0
}

/// Errors that no other link type would change.
bool is_final(std::string_view error) {
  for (const std::string_view sign :
       {"syntax error", "unknown port", "unknown ip proto", "netmask not known"})
    if (error.find(sign) != error.npos) return true;
  return false;
}

}  // namespace

std::string describe_link_type(std::uint16_t link_type) {
  const Handle handle = open_handle({.link_type = link_type});
  const char* name = pcap_datalink_val_to_name(pcap_datalink(handle.get()));
  return name == nullptr ? fmt::format("{}", link_type) : fmt::format("{} ({})", link_type, name);
}

struct FilterCompiler::State {
  std::map<std::pair<std::uint16_t, ByteOrder>, Handle> handles;
  std::unordered_map<std::string, bool> keywords;

  pcap_t* handle(LinkLayer link) {
    Handle& known = handles[{link.link_type, link.order}];
    if (!known) known = open_handle(link);
    return known.get();
  }

  /// Empty where the filter compiled, into `program`.
  std::string compile(const std::string& filter, LinkLayer link, bool optimise, bpf_program* program) {
    pcap_t* with = handle(link);
    if (pcap_compile(with, program, filter.c_str(), optimise ? 1 : 0, PCAP_NETMASK_UNKNOWN) == 0) return {};
    std::string error = pcap_geterr(with);
    while (!error.empty() && error.back() == '\n') error.pop_back();
    return error.empty() ? "libpcap refuses it" : error;
  }

  /// A word is a keyword where it cannot be the name of an interface.
  bool is_keyword(std::string_view word) {
    const auto [known, is_new] = keywords.try_emplace(std::string(word));
    if (is_new) {
      Compiled unused;
      const std::string error = compile("ifname " + known->first, {}, false, unused.get());
      known->second = error.find("syntax error") != error.npos;
    }
    return known->second;
  }

  /// What libpcap shall compile: the filter, or its alternatives in pieces where it has many.
  static std::vector<std::string> pieces(const std::string& filter) {
    if (count_terms(filter) <= kFewTerms) return {filter};
    const auto pieces = split_alternatives(filter);
    if (!pieces) return {filter};
    return {pieces->begin(), pieces->end()};
  }

  /// Reasons that have nothing to do with the link type, found before libpcap sees the filter.
  std::string refuse(const std::string& filter, std::size_t pieces) {
    if (filter.size() > (pieces > 1 ? kLongestAlternatives : kLongestFilter) ||
        (pieces == 1 && count_terms(filter) > kMostTerms))
      return kTooLong;
    const auto name = find_host_name(filter, [this](std::string_view word) { return is_keyword(word); });
    if (!name) return {};
    return fmt::format(
        "{} is no address, and a host name would mean what the name server says today; write "
        "addresses",
        shown(*name));
  }
};

FilterCompiler::FilterCompiler() : state_(std::make_unique<State>()) {}
FilterCompiler::~FilterCompiler() = default;

std::string FilterCompiler::check(const std::string& filter) {
  const std::vector<std::string> pieces = State::pieces(filter);
  if (std::string reason = state_->refuse(filter, pieces.size()); !reason.empty()) return reason;
  // Without optimisation: it changes nothing about what compiles, and costs most of the time.
  const auto attempt = [&](std::uint16_t link_type) {
    for (const std::string& piece : pieces) {
      Compiled program;
      std::string error = state_->compile(piece, {.link_type = link_type}, false, program.get());
      if (!error.empty()) return error;
      if (program.size() > kMostInstructions) return std::string(kTooLong);
    }
    return std::string{};
  };
  std::string first = attempt(kEthernet);
  if (first.empty() || is_final(first) || first == kTooLong) return first;
  if (attempt(kRaw).empty()) return {};
  for (std::uint16_t link_type = 0; link_type <= kHighestLinkType; ++link_type) {
    if (link_type == kEthernet || link_type == kRaw) continue;
    std::string error = attempt(link_type);
    if (error.empty() || is_final(error) || error == kTooLong) return error;
  }
  return first;
}

CompiledFilter FilterCompiler::compile(const std::string& filter, LinkLayer link) {
  const auto begin = std::chrono::steady_clock::now();
  const std::vector<std::string> pieces = State::pieces(filter);
  CompiledFilter result;
  result.error = state_->refuse(filter, pieces.size());
  if (!result.error.empty()) return result;
  std::vector<std::vector<bpf_insn>> programs;
  for (const std::string& piece : pieces) {
    Compiled compiled;
    result.error = state_->compile(piece, link, true, compiled.get());
    if (result.error.empty()) programs.push_back(compiled.instructions());
    if (result.error == kRejectsAll) result.error.clear();
    if (!result.error.empty()) return result;
  }
  result.never_matches = programs.empty();
  if (result.never_matches) return result;
  std::vector<bpf_insn> program = programs.size() == 1 ? programs.front() : join_alternatives(programs);
  clear_unset_scratch(program);
  result.program = std::make_unique<FilterProgram>(std::move(program));
  result.time = std::chrono::steady_clock::now() - begin;
  return result;
}

}  // namespace pcapml
