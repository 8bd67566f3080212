/* Capability names and numbers. */
#ifndef BAWN_RUNTIME_CAPS_NAMES_H
#define BAWN_RUNTIME_CAPS_NAMES_H

/* "CAP_CHOWN", "chown", any case: its number, or -1. */
int caps_from_name(const char *name);

/* "CAP_CHOWN" for 0 and so on; NULL behind the last one that this version knows. */
const char *caps_name(int cap);

#endif
