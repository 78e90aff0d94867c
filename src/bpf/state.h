/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

#include "events.h"
#include "kernel_types.h"

struct {
  __uint(type, BPF_MAP_TYPE_SK_STORAGE);
  __uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_CLONE);
  __type(key, int);
  __type(value, struct pcapml_socket);
} sockets SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 64 << 20);
} ring SEC(".maps");

struct known_process {
  __u64 start_ns;
  char name[PCAPML_NAME_LENGTH];
};

/* Owners, by thread group. */
struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 1 << 16);
  __type(key, __u32);
  __type(value, struct known_process);
} processes SEC(".maps");

struct interface_key {
  __u32 netns;
  __u32 interface;
};

struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 4096);
  __type(key, struct interface_key);
  __type(value, __u8);
} interfaces SEC(".maps");

/* A quick look before that one: the interface that used a place last. */
#define INTERFACE_PLACES 256
__u64 interface_places[INTERFACE_PLACES]; /* network namespace and index */

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 1 << 16);
  __type(key, struct pcapml_listener);
  __type(value, struct pcapml_socket);
} listeners SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 4096);
  __type(key, struct pcapml_loss_key);
  __type(value, __u64);
} losses SEC(".maps");

/* Whose packets are wanted, where not everybody's. */
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 1 << 16);
  __type(key, __u32);
  __type(value, struct pcapml_member);
} members SEC(".maps");

const volatile __u32 follows_some = 0;
const volatile __u32 follows_children = 0;
const volatile __u32 followed_user = 0xffffffff; /* nobody */

const volatile __u32 snap_bytes = 0xffffffff;  /* of each packet of the wire */
const volatile __u32 shown_bytes = 0xffffffff; /* the same, or what it takes to find names */
const volatile __u32 keeps_superpackets = 0;
const volatile __u64 wakeup_bytes = 1 << 20;   /* waking the reader costs more than copying a packet */
const volatile __u64 payload_bytes = 32 << 20; /* of the ring in use; above it only headers are kept */

/* Bytes of superpackets: what was kept, and up to where the reader allows it. */
__u64 superpacket_bytes;
__u64 superpacket_bytes_allowed;

__u64 lost[2];     /* by direction, in packets on the wire */
__u64 events_lost; /* owners, processes, interfaces */
__u64 storage_failures;
__u32 names_version;   /* changes with any name in `processes` */
__u64 members_ended;   /* how often a member's last thread ended */
__u64 members_refused; /* for lack of room */
__u64 left_out;        /* packets on the wire of processes that are not followed */

/* Above this fill packets are cut to this size: it holds every IP and TCP header with options. */
#define HEADERS_ONLY 256

static __always_inline __u64 wakeup(void) {
  return bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) >= wakeup_bytes ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP;
}
