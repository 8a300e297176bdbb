/* cr-sha256.h: SHA-256 (FIPS 180-4), with the CPU's own instructions where it has them. GChecksum is several times slower, and on a
 * payload of 100 MB the hash would take longer than everything else.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include <glib.h>
G_BEGIN_DECLS

#define CR_SHA256_SIZE 32  /* bytes of a digest */

typedef struct {
  /*< private >*/
  guint32  state[8];
  guint64  length;     /* bytes so far */
  guint8   block[64];  /* the last bytes, if they fill no block yet */
  void   (*blocks) (guint32 state[8], const guint8 *data, gsize n_blocks);
} CrSha256;

void      cr_sha256_init     (CrSha256 *sha);
/* The same without special instructions; the digests are the same. For tests, and what other processors use */
void      cr_sha256_init_portable (CrSha256 *sha);
void      cr_sha256_update   (CrSha256 *sha, const void *data, gsize length);
/* Ends the digest; @sha must be initialised again before it can be used again. */
void      cr_sha256_finish   (CrSha256 *sha, guint8 digest[CR_SHA256_SIZE]);
/* The same, as 64 lower-case hex digits (transfer full) */
char     *cr_sha256_finish_hex (CrSha256 *sha);
/* (transfer full): 64 lower-case hex digits of @length bytes */
char     *cr_sha256_hex      (const void *data, gsize length);

G_END_DECLS
