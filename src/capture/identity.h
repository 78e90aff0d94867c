// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace pcapml {

/// A user, as the password file has it.
struct Identity {
  uid_t uid = 0;
  gid_t gid = 0;
  std::string name, home, shell;
};

/// Whose files and commands a capture's are: `name` if given, else under sudo its caller, else who runs this.
/// Throws UsageError for a name that there is not, or that this process cannot become.
Identity capturing_user(const std::string& name);

/// Whether this process has a capability that it may use.
bool may(int capability);

/// Becomes this user for good, with its groups, and keeps of the capabilities only these, as far as the
/// process has them; programs that it executes get none (unless this user is root). Throws
/// std::system_error.
void become(const Identity& user, const std::vector<int>& capabilities);

/// The environment of a command for this user: under sudo, that of the session sudo was called in, with what
/// was set for this program alone added. As KEY=VALUE.
std::vector<std::string> session_environment(const Identity& user);

}  // namespace pcapml
