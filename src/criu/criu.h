/*
 * CRIU's own protocol (`criu swrk`): one protobuf message in each packet of a
 * SOCK_SEQPACKET socket, as rpc.proto of Debian's package criu has it. Private to the
 * helper program bawn-criu; what CRIU answers is checked for its form by protobuf-c.
 */
#ifndef BAWN_CRIU_CRIU_H
#define BAWN_CRIU_CRIU_H

#include "base/base.h"
#include "rpc.pb-c.h"

/* Adds "NAME=VALUE", NAME a field of criu_opts in rpc.proto, to the options; several times for a
 * repeated one. A number, 0 or 1 for bool, an enum's value by its name. A message's value are those
 * of its fields in their order with commas between, of which only the first may hold commas:
 * inherit_fd=KEY,FD. Strings live in the arena or are the word's own. */
int criu_option(struct err *e, struct arena *a, CriuOpts *o, const char *word);

/* A running `criu swrk`. */
struct swrk {
	pid_t pid;			/* 0: none */
	int sock, pidfd;
};
struct swrk_options {
	const char *program;
	int log_fd;			/* its standard output and error */
	int cgroup_fd;			/* a cgroup's directory it moves to first, or FD_NONE */
};
/* It inherits every fd that is not close-on-exec, and dies with this process. */
int swrk_start(struct err *e, const struct swrk_options *o, struct swrk *ret);
int swrk_send(struct err *e, struct swrk *s, const CriuReq *req);
/* When sock or pidfd can be read: its next message, freed with criu_resp__free_unpacked(), and the
 * fd that came with it. When it has ended instead, the error says how, here and in swrk_send(). */
int swrk_receive(struct err *e, struct swrk *s, CriuResp **ret, int *ret_fd);
/* Kills it, if it still runs, and waits for its end. */
void swrk_end(struct swrk *s);

#endif
