/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
#pragma once

/* What the programs in the kernel tell the program outside: the only header that both sides include.
   All times are CLOCK_BOOTTIME in nanoseconds, all numbers are of the machine's byte order except where a
   field says network order. */

#ifdef __cplusplus
#include <linux/types.h>
#define PCAPML_ASSERT(condition) static_assert(condition)
#else
#define PCAPML_ASSERT(condition) _Static_assert(condition, #condition)
#endif

enum pcapml_event_kind {
  PCAPML_PACKET = 1,
  PCAPML_OWNER = 2,     /* a process used a socket; frees packets that wait for their owner */
  PCAPML_PROCESS = 3,   /* a process became an owner, or an owner began another program */
  PCAPML_INTERFACE = 4, /* an interface carries its first packet */
  PCAPML_CLOSED = 5,    /* a socket has come to its end; few packets follow, if any */
};

enum pcapml_direction { PCAPML_INGRESS = 0, PCAPML_EGRESS = 1 };

/* How the owner of a socket is known. */
enum pcapml_via {
  PCAPML_VIA_NONE = 0,
  PCAPML_VIA_CREATE, /* socket(), bind() */
  PCAPML_VIA_CONNECT,
  PCAPML_VIA_SEND,
  PCAPML_VIA_RECEIVE,
  PCAPML_VIA_ACCEPT,
  PCAPML_VIA_SCAN, /* found among the open files of a process when the capture began */
};

/* Of which kind the socket of a packet is, for packets whose socket has no owner. */
enum pcapml_socket_flags {
  PCAPML_SOCKET_KERNEL = 1,          /* the kernel made it for itself */
  PCAPML_SOCKET_LISTENS = 2,         /* TCP, state LISTEN */
  PCAPML_SOCKET_CONNECTED = 4,       /* has a remote end of its own */
  PCAPML_SOCKET_SENT_BY_CURRENT = 8, /* the owner is the process that sends this very packet */
};

#define PCAPML_NAME_LENGTH 16 /* TASK_COMM_LEN and IFNAMSIZ */

/* An end of a flow. An IPv4 address is in the first word, the rest is 0. Network order, the port, too. */
struct pcapml_endpoint {
  __u32 address[4];
  __u16 port;
  __u16 family; /* AF_INET, AF_INET6, 0: none */
};

/* The process that uses a socket. */
struct pcapml_owner {
  __u64 start_ns;         /* of the process */
  __u64 cookie;           /* of the socket that the record was made for: an accepted one has its listener's */
  __u64 confirmed_cookie; /* of the socket that the process was seen to use itself */
  __u32 pid;              /* thread group; 0: nobody is known */
  __u32 tid;
  char name[PCAPML_NAME_LENGTH]; /* of the thread group's leader */
  __u32 via;
  __u32 remote_tid; /* the thread that named `remote` in sendmsg() last */
  struct pcapml_endpoint remote;
  __u32 is_followed; /* one of the processes that are captured; always, where all are */
};

/* What is kept for each socket. */
struct pcapml_socket {
  struct pcapml_owner owner;
  __u32 netns; /* never changes */
  /* The rest is the programs' own: what the thread that used the socket last is known by. */
  __u32 names_seen;
  __u64 thread, thread_start_ns;
  __u64 seal;
  __u64 remote_seal; /* of owner.remote and remote_tid */
  __u32 uses;
  __u32 socket_flags; /* that never change */
};

struct pcapml_packet {
  __u32 kind;
  __u32 length;   /* of the packet */
  __u32 captured; /* bytes of it behind this header */
  __u32 gso_size; /* payload of each packet on the wire; 0: it is one packet */
  __u64 time_ns;
  __u64 cookie;
  __u64 lost[2]; /* packets lost so far, by direction */
  struct pcapml_owner owner;
  struct pcapml_endpoint local; /* as the socket has them */
  struct pcapml_endpoint remote;
  __u32 interface;
  __u32 netns;
  __u8 direction;
  __u8 socket_flags;
  __u16 protocol;     /* of the socket; of a raw one IPPROTO_RAW */
  __u16 has_fixed_id; /* not 0: all packets of the superpacket have the same IPv4 identification */
  __u16 piece; /* not 0: the bytes behind are pieces of this size, from 0, gso_size, 2 * gso_size ... on */
};

struct pcapml_owner_event {
  __u32 kind;
  struct pcapml_endpoint remote; /* of the socket */
  __u64 time_ns;
  __u64 cookie;
  struct pcapml_owner owner;
};

struct pcapml_closed_event {
  __u32 kind;
  __u32 padding;
  __u64 time_ns;
  __u64 cookie;
};

struct pcapml_interface_event {
  __u32 kind;
  __u32 interface;
  __u32 netns;
  char name[PCAPML_NAME_LENGTH];
  __u32 padding;
};

#define PCAPML_PIECE 2048

#define PCAPML_PATH_PARTS 24
#define PCAPML_PATH_PART_LENGTH 64
#define PCAPML_ARGUMENTS_LENGTH 1024

struct pcapml_process_event {
  __u32 kind;
  __u32 pid;
  __u64 start_ns;
  __u64 exec_ns; /* when it began its program; 0: before the capture, or never */
  __u64 inode;   /* of the executable; 0: not known */
  __u32 parent;
  __u32 uid;
  char name[PCAPML_NAME_LENGTH];
  __u32 path_is_whole; /* it ends at the root */
  __u32 arguments_length;
  /* Names from the file upwards, empty where a mount is crossed; those after the root are of no meaning. A
     name without NUL at its end was cut. */
  char path[PCAPML_PATH_PARTS][PCAPML_PATH_PART_LENGTH];
  char arguments[PCAPML_ARGUMENTS_LENGTH]; /* as in memory: each ends with NUL */
};

/* Key of the sockets that listened when the capture began. */
struct pcapml_listener {
  __u32 netns;
  struct pcapml_endpoint local;
};

/* A process that is followed, by the id of its thread group. */
struct pcapml_member {
  __u64 start_ns; /* 0: whenever that was */
  __u32 is_alive;
  __u32 follows_children;
};

/* Key of losses. */
struct pcapml_loss_key {
  __u32 netns;
  __u32 interface;
  __u32 direction;
};

PCAPML_ASSERT(sizeof(struct pcapml_endpoint) == 20);
PCAPML_ASSERT(sizeof(struct pcapml_owner) == 80);
PCAPML_ASSERT(sizeof(struct pcapml_socket) == 128);
PCAPML_ASSERT(sizeof(struct pcapml_packet) == 184);
PCAPML_ASSERT(sizeof(struct pcapml_owner_event) == 120);
