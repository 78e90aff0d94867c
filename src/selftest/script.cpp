// SPDX-License-Identifier: Apache-2.0
#include "selftest/script.h"

#include "selftest/words.h"

namespace pcapml::selftest {

std::string Script::name(const std::string& role) const {
  constexpr std::size_t kLongestComm = 15;
  return (std::string(kNamePrefix) + kind_ + '-' + role).substr(0, kLongestComm);
}

}  // namespace pcapml::selftest
