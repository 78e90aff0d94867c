// SPDX-License-Identifier: Apache-2.0
#include "capture/identity.h"

#include <cap-ng.h>
#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <limits>
#include <map>
#include <optional>

#include "pcapml/error.h"

extern char** environ;

namespace pcapml {
namespace {

std::optional<unsigned long> number_in(const std::string& text) {
  if (text.empty() || text.size() > 10 || text.find_first_not_of("0123456789") != std::string::npos)
    return std::nullopt;
  const unsigned long number = std::strtoul(text.c_str(), nullptr, 10);
  // The largest stands for "as it is" where users are changed.
  return number < std::numeric_limits<uid_t>::max() ? std::optional(number) : std::nullopt;
}

std::optional<unsigned long> number_of(const char* variable) {
  const char* text = std::getenv(variable);
  return text == nullptr ? std::nullopt : number_in(text);
}

Identity identity_of(const passwd& entry) {
  return {entry.pw_uid, entry.pw_gid, entry.pw_name, entry.pw_dir, entry.pw_shell};
}

Identity identity_of(uid_t uid, gid_t gid) {
  if (const passwd* entry = getpwuid(uid)) {
    Identity user = identity_of(*entry);
    user.gid = gid;
    return user;
  }
  return {uid, gid, std::to_string(uid), "/", "/bin/sh"};
}

using Variables = std::map<std::string, std::string>;

void add(Variables& to, const std::string& entry) {
  if (const std::size_t equals = entry.find('='); equals != std::string::npos)
    to.emplace(entry.substr(0, equals), entry.substr(equals + 1));
}

pid_t parent_of(pid_t pid) {
  std::ifstream status(fmt::format("/proc/{}/status", pid));
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("PPid:")) return static_cast<pid_t>(std::atoi(line.c_str() + 5));
  return 0;
}

/// Of the nearest process above that is this user's own: the shell in which sudo was typed.
Variables variables_of_caller(uid_t uid) {
  Variables variables;
  for (pid_t pid = parent_of(getpid()); pid > 1; pid = parent_of(pid)) {
    struct stat status {};
    if (stat(fmt::format("/proc/{}", pid).c_str(), &status) != 0) break;
    if (status.st_uid != uid) continue;
    std::ifstream file(fmt::format("/proc/{}/environ", pid), std::ios::binary);
    for (std::string entry; std::getline(file, entry, '\0');) add(variables, entry);
    break;
  }
  return variables;
}

}  // namespace

Identity capturing_user(const std::string& name) {
  if (!name.empty()) {
    const passwd* entry = getpwnam(name.c_str());
    if (entry == nullptr) throw UsageError(fmt::format("there is no user '{}'", name));
    Identity user = identity_of(*entry);
    if (geteuid() != 0 && user.uid != geteuid())
      throw UsageError(fmt::format("only root can become user '{}'", name));
    return user;
  }
  const auto uid = number_of("SUDO_UID"), gid = number_of("SUDO_GID");
  if (geteuid() == 0 && uid && gid) return identity_of(static_cast<uid_t>(*uid), static_cast<gid_t>(*gid));
  return identity_of(getuid(), getgid());
}

bool may(int capability) {
  capng_get_caps_process();
  return capng_have_capability(CAPNG_PERMITTED, static_cast<unsigned>(capability)) != 0;
}

void become(const Identity& user, const std::vector<int>& capabilities) {
  capng_get_caps_process();
  std::vector<unsigned> kept;
  for (const int capability : capabilities)
    if (capng_have_capability(CAPNG_PERMITTED, static_cast<unsigned>(capability)) != 0)
      kept.push_back(static_cast<unsigned>(capability));
  const bool changes = user.uid != geteuid() || user.gid != getegid();
  capng_clear(changes ? CAPNG_SELECT_BOTH : CAPNG_SELECT_CAPS);
  for (const unsigned capability : kept)
    capng_update(CAPNG_ADD, static_cast<capng_type_t>(CAPNG_EFFECTIVE | CAPNG_PERMITTED), capability);
  int failed = 0;
  if (changes) {
    const bool has_name = getpwuid(user.uid) != nullptr;
    failed =
        capng_change_id(static_cast<int>(user.uid), static_cast<int>(user.gid),
                        static_cast<capng_flags_t>((has_name ? CAPNG_INIT_SUPP_GRP : CAPNG_DROP_SUPP_GRP) |
                                                   CAPNG_CLEAR_BOUNDING));
  } else {
    failed = capng_apply(CAPNG_SELECT_CAPS);
  }
  if (failed != 0) throw_errno(user.name, "give up privileges and become");
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

std::vector<std::string> session_environment(const Identity& user) {
  Variables variables;
  const bool is_other = user.uid != getuid();
  if (is_other) variables = variables_of_caller(user.uid);
  static const char* const kOwn[] = {"HOME", "USER", "LOGNAME", "SHELL", "MAIL", "PATH"};
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const bool is_sudos =
        text.starts_with("SUDO_") || std::any_of(std::begin(kOwn), std::end(kOwn), [&](const char* name) {
          return text.starts_with(std::string(name) + "=");
        });
    if (!is_other || !is_sudos) add(variables, text);
  }
  if (is_other) {
    variables["HOME"] = user.home;
    variables["USER"] = variables["LOGNAME"] = user.name;
    variables["SHELL"] = user.shell;
    variables.emplace("PATH", "/usr/local/bin:/usr/bin:/bin");
    const std::string runtime = fmt::format("/run/user/{}", user.uid);
    if (access(runtime.c_str(), F_OK) == 0) {
      variables.emplace("XDG_RUNTIME_DIR", runtime);
      if (access((runtime + "/bus").c_str(), F_OK) == 0)
        variables.emplace("DBUS_SESSION_BUS_ADDRESS", fmt::format("unix:path={}/bus", runtime));
    }
  }
  std::vector<std::string> environment;
  environment.reserve(variables.size());
  for (const auto& [name, value] : variables) environment.push_back(fmt::format("{}={}", name, value));
  return environment;
}

}  // namespace pcapml
