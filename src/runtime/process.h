/*
 * What a container's process gets before its program runs: limits, scheduling,
 * labels, working directory, credentials. Used by init and exec alike.
 */
#ifndef BAWN_RUNTIME_PROCESS_H
#define BAWN_RUNTIME_PROCESS_H

#include "base/base.h"
#include "runtime/spec.h"

/* uid and gid 0 of the user namespace just entered: nobody is mapped until we say who we are. */
int process_become_root(struct err *e);

/* A session keyring of the container's own, so that it does not share its caller's. */
int process_keyring(struct err *e, const char *id);

/* What takes rights on the host (CAP_SYS_RESOURCE, CAP_SYS_NICE): hard limits are raised where they
 * are too low; ioPriority and oomScoreAdj are set. For the process `pid`, from outside, once it is
 * set up: it has lost these rights. Or, 0, for this one: an ordinary user has none. */
int process_privileged(struct err *e, pid_t pid, const struct spec_process *p);

/* The same for process.scheduler, which a process made by this one may not inherit. */
int process_schedule(struct err *e, pid_t pid, const struct spec_process *p);

/* The rlimits exactly, in the process itself: last, because a small RLIMIT_NOFILE would fail its
 * set-up. */
int process_limits(struct err *e, const struct spec_process *p);

/* execCPUAffinity: a list such as "0-3,7" for the calling process. NULL is nothing to do. */
int process_affinity(struct err *e, const char *cpus);

/* linux.memoryPolicy of the calling process; it survives execve. */
int process_memory_policy(struct err *e, const struct spec_memory_policy *m);

/* Whether process_labels() will need a procfs. */
bool process_has_labels(const struct spec_process *p);

/* AppArmor profile and SELinux label for the next execve, written through the detached procfs. */
int process_labels(struct err *e, const struct spec_process *p, int proc_fd);

/* From "/": chdir to process.cwd without following magic links, then makes sure that the
 * result lies inside the root (CVE-2024-21626). */
int process_chdir(struct err *e, const struct spec_process *p);

/* Groups, gid, uid, umask, no_new_privs and all capability sets, in that order. `keep` as in
 * caps_set(). Afterwards only the program's own rights are left. */
int process_credentials(struct err *e, const struct spec_process *p, uint64_t keep);

/* Finds process.args[0] as execvp would, with the PATH of process.env and the caller's
 * (the container's) credentials. Error codes ERR_COMMAND_NOT_FOUND and ERR_COMMAND_DENIED with
 * the wording engines look for. */
int process_find_program(struct err *e, const struct spec_process *p, char *path, size_t size);

/* The environment for execve: process.env and, where it has none, a HOME. Allocated in the
 * arena, before clone. */
int process_environment(struct err *e, struct arena *a, struct spec_process *p);

/* home.c: with the program's own rights, puts the user's home directory in the place that
 * process_environment() has left for it. */
#define PROCESS_HOME_SIZE 1024
void process_find_home(const struct spec_process *p);

/* Turns an execve failure into the error an engine understands. Returns -errno. */
int process_exec_error(struct err *e, const struct spec_process *p, int num);

#endif
