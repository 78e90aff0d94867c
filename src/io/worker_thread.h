// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <pthread.h>

#include <csignal>
#include <thread>
#include <utility>

#include "io/interrupt.h"

namespace pcapml {

/// A thread that gets no signals: they go to the main thread, whose blocking calls they have to end. It
/// watches the mark that its maker watches.
template <class Work>
std::thread start_worker(Work work) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  std::thread thread(watching(std::move(work)));
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread;
}

}  // namespace pcapml
