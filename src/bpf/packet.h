/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

#include "owner.h"

/* A connection that was established but not accepted when the capture began has no owner yet: its listener's.
 */
static __noinline struct pcapml_socket* inherit_from_listener(struct bpf_sock* socket,
                                                              struct pcapml_packet* packet) {
  if (!socket || !packet) return 0;
  struct pcapml_listener key = {.netns = packet->netns, .local = packet->local};
  struct pcapml_socket* record = bpf_map_lookup_elem(&listeners, &key);
  if (!record) {
    __builtin_memset(key.local.address, 0, sizeof(key.local.address));
    record = bpf_map_lookup_elem(&listeners, &key);
  }
  if (!record) {
    key.local.family = AF_INET6;
    record = bpf_map_lookup_elem(&listeners, &key);
  }
  if (!record) return 0;
  return bpf_sk_storage_get(&sockets, socket, record, BPF_SK_STORAGE_GET_F_CREATE);
}

static __always_inline __u64 wire_packets(struct __sk_buff* skb) {
  return skb->gso_size && skb->gso_segs > 1 ? skb->gso_segs : 1;
}

static __always_inline void lose(struct __sk_buff* skb, const struct pcapml_packet* packet) {
  const __u64 packets = wire_packets(skb);
  __sync_fetch_and_add(&lost[packet->direction & 1], packets);
  struct pcapml_loss_key key = {packet->netns, packet->interface, packet->direction};
  __u64* count = bpf_map_lookup_elem(&losses, &key);
  if (!count && bpf_map_update_elem(&losses, &key, &packets, BPF_NOEXIST) != 0)
    count = bpf_map_lookup_elem(&losses, &key); /* another CPU was faster */
  else if (!count)
    return;
  if (count) __sync_fetch_and_add(count, packets);
}

static __always_inline void know_interface(struct __sk_buff* skb, const struct pcapml_packet* packet) {
  struct interface_key key = {packet->netns, packet->interface};
  const __u64 both = (__u64)key.netns << 32 | key.interface;
  __u64* place = &interface_places[(key.netns ^ key.interface) & (INTERFACE_PLACES - 1)];
  if (*place == both) return;
  if (bpf_map_lookup_elem(&interfaces, &key)) {
    *place = both;
    return;
  }
  struct pcapml_interface_event* event = bpf_ringbuf_reserve(&ring, sizeof(*event), 0);
  if (!event) {
    __sync_fetch_and_add(&events_lost, 1);
    return;
  }
  event->kind = PCAPML_INTERFACE;
  event->interface = key.interface;
  event->netns = key.netns;
  event->padding = 0;
  struct net_device* device = BPF_CORE_READ((struct sk_buff*)address_of(skb), dev);
  event->name[0] = 0;
  bpf_probe_read_kernel_str(event->name, sizeof(event->name), &device->name);
  bpf_ringbuf_submit(event, BPF_RB_NO_WAKEUP);
  const __u8 known = 1;
  bpf_map_update_elem(&interfaces, &key, &known, BPF_ANY);
}

/* Whether the running process, or else the kernel, sends this very packet. */
static __always_inline int sends(struct bpf_sock* socket, const struct pcapml_packet* packet) {
  if (packet->protocol != IPPROTO_TCP && packet->protocol != IPPROTO_SCTP) return 1;
  if (packet->socket_flags & PCAPML_SOCKET_LISTENS) return 0;
  /* A socket whose lock a process holds sends for that process; softirqs leave such a socket alone. */
  struct sock* sk = address_of(socket);
  return BPF_CORE_READ(sk, sk_lock.owned) != 0;
}

/* The ends as the socket has them. */
static __always_inline void read_ends(struct bpf_sock* socket, struct pcapml_packet* packet) {
  /* Before 5.17 dst_port is read as four bytes or not at all. */
  const __u32 remote_port =
      *(volatile const __u32*)((const void*)socket + __builtin_offsetof(struct bpf_sock, dst_port));
  const __u16 family = socket->family;
  __u32 local_v6[4] = {}, remote_v6[4] = {};
  if (family == AF_INET6) {
    for (int i = 0; i < 4; i++) local_v6[i] = socket->src_ip6[i];
    for (int i = 0; i < 4; i++) remote_v6[i] = socket->dst_ip6[i];
  }
  read_endpoint(&packet->local, family, bpf_htons(socket->src_port), socket->src_ip4, local_v6);
  read_endpoint(&packet->remote, family, remote_port, socket->dst_ip4, remote_v6);
}

static __always_inline void describe_socket(struct bpf_sock* socket, struct pcapml_packet* packet) {
  packet->protocol = socket->type == SOCK_RAW ? IPPROTO_RAW : socket->protocol;
  read_ends(socket, packet);
  if (packet->protocol == IPPROTO_TCP)
    packet->socket_flags |=
        socket->state == TCP_LISTEN_STATE ? PCAPML_SOCKET_LISTENS : PCAPML_SOCKET_CONNECTED;
  else if (packet->remote.address[0] | packet->remote.address[1] | packet->remote.address[2] |
           packet->remote.address[3])
    packet->socket_flags |= PCAPML_SOCKET_CONNECTED;
}

static __always_inline void find_owner(struct __sk_buff* skb, struct pcapml_packet* packet) {
  struct bpf_sock* any = skb->sk;
  if (!any) return;
  struct bpf_sock* socket = bpf_sk_fullsock(any);
  if (!socket) return;
  describe_socket(socket, packet);
  struct pcapml_socket* record = bpf_sk_storage_get(&sockets, socket, 0, 0);
  if (record) {
    packet->netns = record->netns;
    packet->socket_flags |= record->socket_flags;
  }
  if (packet->netns == 0) {
    struct sock* sk = address_of(socket);
    packet->netns = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
    const __u32 kernel = BPF_CORE_READ_BITFIELD_PROBED(sk, sk_kern_sock) ? PCAPML_SOCKET_KERNEL : 0;
    packet->socket_flags |= kernel;
    if (record) {
      record->socket_flags = kernel;
      record->netns = packet->netns;
    }
  }
  if (!record && (packet->socket_flags & PCAPML_SOCKET_CONNECTED) && packet->protocol == IPPROTO_TCP &&
      !(packet->socket_flags & PCAPML_SOCKET_KERNEL))
    record = inherit_from_listener(socket, packet);
  if (!record) return;
  for (int i = 0; i < 3; i++) {
    const __u32 names_seen = record->names_seen;
    packet->owner = record->owner;
    barrier(); /* this copy is what is judged */
    if (record->thread == 0 || is_whole(record, &packet->owner, names_seen)) break;
  }
  if (packet->owner.remote_tid &&
      record->remote_seal != seal_of_remote(&packet->owner.remote, packet->owner.remote_tid))
    packet->owner.remote.family = 0; /* two threads named one each; the packet says which */
  if (packet->direction == PCAPML_EGRESS && sends(socket, packet)) {
    struct task_struct* task = current_task();
    if (packet->owner.confirmed_cookie == packet->cookie && is_taken_by(record, &packet->owner, task)) {
      packet->socket_flags |= PCAPML_SOCKET_SENT_BY_CURRENT;
      return;
    }
    if (!is_kernel_thread(task)) {
      packet->socket_flags |= PCAPML_SOCKET_SENT_BY_CURRENT;
      struct current current;
      read_current(task, &current);
      take(record, &current, packet->cookie, PCAPML_VIA_SEND, 1);
      packet->owner = record->owner;
      copy_current(&packet->owner, &current); /* another process may have sent in between */
      return;
    }
  }
  if (record->names_seen == *(volatile __u32*)&names_version) return;
  struct known_process* known = bpf_map_lookup_elem(&processes, &packet->owner.pid);
  if (known && known->start_ns == packet->owner.start_ns)
    __builtin_memcpy(packet->owner.name, known->name, PCAPML_NAME_LENGTH);
}

#define DNS_PORT 53

static __always_inline int has_dns_port(const struct __sk_buff* skb, const struct pcapml_packet* packet) {
  const __u16 dns = bpf_htons(DNS_PORT);
  if (packet->local.port == dns || packet->remote.port == dns) return 1;
  if (packet->protocol != IPPROTO_UDP || (packet->socket_flags & PCAPML_SOCKET_CONNECTED)) return 0;
  __u8 first = 0;
  __u16 ports[2] = {};
  if (bpf_skb_load_bytes(skb, 0, &first, 1)) return 0;
  const __u32 offset = first >> 4 == 4 ? (first & 15) * 4 : 40;
  return !bpf_skb_load_bytes(skb, offset, ports, sizeof(ports)) && (ports[0] == dns || ports[1] == dns);
}

/* Whether nothing that may still happen makes this a packet of a process that is followed. Answers of name
   servers are shown all the same: a process may ask through another one. */
static __always_inline int is_left_out(struct __sk_buff* skb, const struct pcapml_packet* packet) {
  if (!follows_some || packet->owner.is_followed) return 0;
  const int is_settled = packet->owner.pid == 0 || packet->owner.confirmed_cookie == packet->cookie ||
                         (packet->socket_flags & PCAPML_SOCKET_SENT_BY_CURRENT);
  if (!is_settled || has_dns_port(skb, packet)) return 0;
  __sync_fetch_and_add(&left_out, wire_packets(skb));
  return 1;
}

#define STORE(SIZE)                                                                            \
  if (take_bytes <= SIZE) {                                                                    \
    struct {                                                                                   \
      struct pcapml_packet packet;                                                             \
      __u8 bytes[SIZE];                                                                        \
    }* slot = bpf_ringbuf_reserve(&ring, sizeof(*slot), 0);                                    \
    if (!slot) {                                                                               \
      lose(skb, &packet);                                                                      \
      return 1;                                                                                \
    }                                                                                          \
    packet.time_ns = bpf_ktime_get_boot_ns();                                                  \
    __u32 size = take_bytes - 1;                                                               \
    barrier_var(size);                                                                         \
    size = (size & (SIZE - 1)) + 1; /* bounds that the verifiers of 5.10 and 6.1 can follow */ \
    packet.captured = bpf_skb_load_bytes(skb, 0, slot->bytes, size) ? 0 : size;                \
    slot->packet = packet;                                                                     \
    bpf_ringbuf_submit(slot, wakeup());                                                        \
    return 1;                                                                                  \
  }

#define MOST_PIECES 3 /* a loopback device has up to 128 KiB in packets of 64 KiB */

/* Of each packet of a superpacket the first bytes. */
static __always_inline int store_pieces(struct __sk_buff* skb, struct pcapml_packet* packet) {
  struct {
    struct pcapml_packet packet;
    __u8 bytes[MOST_PIECES][PCAPML_PIECE];
  }* slot = bpf_ringbuf_reserve(&ring, sizeof(*slot), 0);
  if (!slot) {
    lose(skb, packet);
    return 1;
  }
  packet->time_ns = bpf_ktime_get_boot_ns();
  packet->piece = PCAPML_PIECE;
  packet->captured = 0;
  for (int i = 0; i < MOST_PIECES; i++) {
    const __u32 offset = i * packet->gso_size;
    if (offset >= packet->length) break;
    __u32 size = packet->length - offset - 1;
    if (size > PCAPML_PIECE - 1) size = PCAPML_PIECE - 1;
    barrier_var(size);
    size = (size & (PCAPML_PIECE - 1)) + 1;
    if (bpf_skb_load_bytes(skb, offset, slot->bytes[i], size)) break;
    packet->captured += size;
  }
  slot->packet = *packet;
  bpf_ringbuf_submit(slot, wakeup());
  return 1;
}

static __always_inline int record(struct __sk_buff* skb, __u8 direction) {
  struct pcapml_packet packet = {};
  packet.kind = PCAPML_PACKET;
  packet.length = skb->len;
  packet.gso_size = skb->gso_size;
  packet.direction = direction;
  packet.interface = skb->ifindex;
  packet.cookie = bpf_get_socket_cookie(skb);
  find_owner(skb, &packet);
  if (is_left_out(skb, &packet)) return 1;
  know_interface(skb, &packet);
  if (packet.gso_size) {
    struct sk_buff* buffer = address_of(skb);
    struct skb_shared_info* shared = (void*)(BPF_CORE_READ(buffer, head) + BPF_CORE_READ(buffer, end));
    packet.has_fixed_id = BPF_CORE_READ(shared, gso_type) & SKB_GSO_TCP_FIXEDID;
  }
  packet.lost[0] = lost[0];
  packet.lost[1] = lost[1];

  __u32 take_bytes = packet.length;
  if (take_bytes == 0) return 1;
  if (take_bytes > shown_bytes && (wire_packets(skb) == 1 || keeps_superpackets)) take_bytes = shown_bytes;
  if (take_bytes > HEADERS_ONLY && bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) > payload_bytes)
    take_bytes = HEADERS_ONLY;
  if (take_bytes > PCAPML_PIECE && snap_bytes <= PCAPML_PIECE && packet.gso_size >= 2 * PCAPML_PIECE &&
      packet.length <= MOST_PIECES * packet.gso_size)
    return store_pieces(skb, &packet);
  if (take_bytes > HEADERS_ONLY && wire_packets(skb) > 1) {
    if (superpacket_bytes > *(volatile __u64*)&superpacket_bytes_allowed)
      take_bytes = HEADERS_ONLY;
    else
      __sync_fetch_and_add(&superpacket_bytes, take_bytes);
  }
  if (take_bytes > 131072) take_bytes = 131072;
  STORE(128)
  STORE(256)
  STORE(512)
  STORE(1024)
  STORE(2048)
  STORE(4096)
  STORE(8192)
  STORE(16384)
  STORE(32768)
  STORE(65536)
  STORE(131072)
  return 1;
}
