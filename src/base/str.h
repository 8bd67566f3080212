/* Strict number parsing and small string helpers. */
#ifndef BAWN_STR_H
#define BAWN_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decimal digits only (i64: an optional '-'), no blanks, no sign, no overflow: 0, -EINVAL or
 * -ERANGE. *ret is written on success only (CVE-2026-30892 was an early assignment). */
int str_to_u64(const char *s, uint64_t *ret);
int str_to_u32(const char *s, uint32_t *ret);
int str_to_i64(const char *s, int64_t *ret);
/* A user or group id: u32 except UINT32_MAX, which means "no change" to the kernel. */
int str_to_id(const char *s, uint32_t *ret);

/* A duration as Go writes it: "1m30s", "1.5h", "500ms", "-1ns", "0"; units ns us ms s m h. Of a
 * fraction six digits count. 0, -EINVAL or -ERANGE. */
int str_to_duration(const char *s, int64_t *ret_ns);

bool str_eq(const char *a, const char *b);
bool str_has_prefix(const char *s, const char *prefix);
bool str_has_suffix(const char *s, const char *suffix);
/* Rest of s after prefix, or NULL. */
const char *str_after(const char *s, const char *prefix);
/* No byte below 0x20 and no 0x7f. */
bool str_is_printable(const char *s);

/* Index of s in table (NULL entries are skipped), or -1. */
int str_lookup(const char *const *table, size_t n, const char *s);

/* snprintf that reports truncation: 0 or -ENAMETOOLONG. */
int str_format(char *dst, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
