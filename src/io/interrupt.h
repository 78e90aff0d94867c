// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace pcapml {

/// From now on SIGINT and SIGTERM only leave a mark that check_interrupt() turns into an exception, so that
/// temporary files go the ordinary way. Blocking calls end with EINTR.
void handle_interrupts();

/// Throws Interrupted if SIGINT or SIGTERM arrived. Cheap enough for every read and write.
void check_interrupt();

/// Sets the mark itself; for callers that learn of an interrupt in another way. 0 clears it.
void mark_interrupt(int signal) noexcept;

}  // namespace pcapml
