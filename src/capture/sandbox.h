// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include "capture/identity.h"

namespace pcapml {

/// Gives up, for good, what parsing packets does not need: becomes `user` without any capability, and allows
/// only system calls that read and write what is open already, ask the time, use memory, wait, look at and
/// set up the terminal, and send signals to `command` (0: nobody). What is refused fails with EPERM. Must be
/// called with one thread. Throws std::system_error.
void enter_sandbox(const Identity& user, pid_t command);

/// Whether this build filters system calls: the sanitizers' own runtime needs what a filter forbids.
bool filters_system_calls();

}  // namespace pcapml
