// SPDX-License-Identifier: Apache-2.0
#include "label/filter_words.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <string>
#include <unordered_map>
#include <vector>

namespace pcapml {
namespace {

/// What libpcap would take a bare word for. Qualifiers carry on to later words (`host a or b`), and a closing
/// parenthesis restores those from before it.
enum class Expects : unsigned char { nothing, host, service };

struct Word {
  enum class Kind : unsigned char { qualifier, joint, taker } kind;
  Expects expects = Expects::nothing;
};

const Word* keyword(std::string_view text) {
  using enum Word::Kind;
  constexpr Word kHost{qualifier, Expects::host}, kService{qualifier, Expects::service}, kJoint{joint},
      kTaker{taker};  // takes the next word for itself: `ifname eth0`
  static const std::unordered_map<std::string_view, Word> kWords = {
      {"host", kHost},         {"net", kHost},      {"gateway", kHost},       {"src", kHost},
      {"dst", kHost},          {"addr1", kHost},    {"addr2", kHost},         {"addr3", kHost},
      {"addr4", kHost},        {"ra", kHost},       {"address1", kHost},      {"address2", kHost},
      {"address3", kHost},     {"ta", kHost},       {"address4", kHost},      {"port", kService},
      {"portrange", kService}, {"proto", kService}, {"protochain", kService}, {"and", kJoint},
      {"or", kJoint},          {"not", kJoint},     {"on", kTaker},           {"ifname", kTaker},
      {"rset", kTaker},        {"ruleset", kTaker}, {"reason", kTaker},       {"dir", kTaker},
      {"action", kTaker},      {"type", kTaker},    {"subtype", kTaker},      {"llc", kTaker},
      {"direction", kTaker},   {"batadv", kTaker}};
  const auto found = kWords.find(text);
  return found == kWords.end() ? nullptr : &found->second;
}

bool is_alnum(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

bool is_mac_address(std::string_view text) {
  int colons = 0, digits = 0;
  for (const char c : text) {
    if (c == ':' ? digits == 0 : !is_hex(c) || digits == 2) return false;
    colons += c == ':';
    digits = c == ':' ? 0 : digits + 1;
  }
  return colons == 5 && digits > 0;
}

bool is_address_with_colons(std::string_view text) {
  std::array<unsigned char, 16> address;
  return is_mac_address(text) || ::inet_pton(AF_INET6, std::string(text).c_str(), address.data()) == 1;
}

/// `80`, `10.1`, `192.0.2.1`: by far the most words, not worth a question.
bool is_plain_number(std::string_view text) {
  int dots = 0;
  char before = '.';
  for (const char c : text) {
    if (c == '.' ? before == '.' : c < '0' || c > '9') return false;
    dots += c == '.';
    before = c;
  }
  return before != '.' && dots <= 3;
}

class Scanner {
 public:
  Scanner(std::string_view filter, const std::function<bool(std::string_view)>& is_keyword)
      : rest_(filter), is_keyword_(is_keyword) {}

  std::optional<std::string_view> find() {
    while (!rest_.empty()) {
      const char c = rest_[0];
      if (c == '\\') {
        const std::string_view word = take(std::min(rest_.find_first_of(" !()\n\t", 1), rest_.size()));
        if (is_name(word.substr(1), true)) return word.substr(1);
      } else if (is_alnum(c) || c == ':') {
        const std::string_view word = take_word();
        if (is_name(word, false)) return word;
      } else {
        punctuation(c);
      }
    }
    return std::nullopt;
  }

 private:
  std::string_view take(std::size_t n) {
    const std::string_view piece = rest_.substr(0, n);
    rest_.remove_prefix(piece.size());
    return piece;
  }

  /// As libpcap's scanner: a word ends in a letter, a digit or a dot; colons stand in addresses.
  std::string_view take_word() {
    std::size_t n = 1;
    while (n < rest_.size() && (is_alnum(rest_[n]) || std::string_view(".:_-").find(rest_[n]) != rest_.npos))
      ++n;
    while (n > 1 && (rest_[n - 1] == '-' || rest_[n - 1] == '_')) --n;
    return take(n);
  }

  void punctuation(char c) {
    if (c == '[') return skip_index();
    if (c == '$') {  // an Arcnet address
      take(1);
      while (!rest_.empty() && is_hex(rest_[0])) take(1);
      return;
    }
    if (c == '(') outer_.push_back(expects_);
    if (c == ')' && !outer_.empty()) {
      expects_ = outer_.back();
      outer_.pop_back();
    }
    if (c != ' ' && c != '\t' && c != '\n' && c != '\r') taker_ = false;
    take(1);
  }

  /// Between brackets there is arithmetic; a name there is an error of syntax.
  void skip_index() {
    std::size_t depth = 0, n = 0;
    do {
      if (rest_[n] == '[') ++depth;
      if (rest_[n] == ']') --depth;
      ++n;
    } while (depth > 0 && n < rest_.size());
    take(n);
  }

  bool is_name(std::string_view word, bool escaped) {
    if (const Word* known = escaped ? nullptr : keyword(word)) {
      taker_ = known->kind == Word::Kind::taker;
      if (known->kind == Word::Kind::qualifier) expects_ = known->expects;
      return false;
    }
    if (!escaped && is_plain_number(word)) return false;  // may stand between `batadv` and its word
    const bool taken = taker_;
    taker_ = false;
    if (taken || expects_ != Expects::host) return false;
    if (escaped) return true;
    if (word.find(':') != word.npos) return !is_address_with_colons(word);
    return !is_keyword_(word);
  }

  std::string_view rest_;
  const std::function<bool(std::string_view)>& is_keyword_;
  Expects expects_ = Expects::nothing;
  std::vector<Expects> outer_;  ///< one for each open parenthesis
  bool taker_ = false;
};

}  // namespace

std::optional<std::string_view> find_host_name(std::string_view filter,
                                               const std::function<bool(std::string_view)>& is_keyword) {
  return Scanner(filter, is_keyword).find();
}

std::size_t count_terms(std::string_view filter) {
  std::size_t terms = 1;
  for (std::size_t i = 0; i < filter.size(); ++i) {
    if (filter.substr(i, 2) == "||" || filter.substr(i, 2) == "&&") {
      ++terms;
      ++i;
    } else if (is_alnum(filter[i])) {
      std::size_t n = 1;
      while (i + n < filter.size() && is_alnum(filter[i + n])) ++n;
      const std::string_view word = filter.substr(i, n);
      terms += word == "or" || word == "and" ? 1 : 0;
      i += n - 1;
    }
  }
  return terms;
}

}  // namespace pcapml
