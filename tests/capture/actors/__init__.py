# SPDX-License-Identifier: Apache-2.0
"""The workload. Importing a module puts its actors on the list, in the order of the modules here."""
from . import (early, tcp, accepting, handover, lifetimes, datagrams, datagram_shapes, raw, multicast,  # noqa: F401
               bulk, translation, names, crowds, odd, tunnel)
