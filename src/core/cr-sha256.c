/* cr-sha256.c: SHA-256 as FIPS 180-4 has it
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-sha256.h"
#include <string.h>
#if defined (__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#define HAVE_X86 1
#else
#define HAVE_X86 0
#endif

static const guint32 round_constants[64] __attribute__ ((aligned (16))) = {
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static inline guint32
rotate (guint32 value, int by)
{
  return value >> by | value << (32 - by);
}

static void
blocks_portable (guint32 state[8], const guint8 *data, gsize n_blocks)
{
  for (; n_blocks > 0; n_blocks--, data += 64) {
    guint32 w[64];
    guint32 a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7];

    for (int i = 0; i < 16; i++) {
      memcpy (&w[i], data + 4 * i, 4);
      w[i] = GUINT32_FROM_BE (w[i]);
    }
    for (int i = 16; i < 64; i++) {
      const guint32 s0 = rotate (w[i - 15], 7) ^ rotate (w[i - 15], 18) ^ w[i - 15] >> 3;
      const guint32 s1 = rotate (w[i - 2], 17) ^ rotate (w[i - 2], 19) ^ w[i - 2] >> 10;

      w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    for (int i = 0; i < 64; i++) {
      const guint32 t1 = h + (rotate (e, 6) ^ rotate (e, 11) ^ rotate (e, 25)) + ((e & f) ^ (~e & g)) + round_constants[i] + w[i];
      const guint32 t2 = (rotate (a, 2) ^ rotate (a, 13) ^ rotate (a, 22)) + ((a & b) ^ (a & c) ^ (b & c));

      h = g;
      g = f;
      f = e;
      e = d + t1;
      d = c;
      c = b;
      b = a;
      a = t1 + t2;
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
    state[5] += f;
    state[6] += g;
    state[7] += h;
  }
}

#if HAVE_X86
/* Intel's SHA extensions keep the state as A B E F and C D G H */
__attribute__ ((target ("sha,sse4.1,ssse3"))) static void
blocks_x86 (guint32 state[8], const guint8 *data, gsize n_blocks)
{
  const __m128i swap = _mm_set_epi64x (0x0c0d0e0f08090a0b, 0x0405060700010203);
  __m128i low = _mm_shuffle_epi32 (_mm_loadu_si128 ((const __m128i *) (const void *) &state[0]), 0xb1);   /* C D A B */
  __m128i high = _mm_shuffle_epi32 (_mm_loadu_si128 ((const __m128i *) (const void *) &state[4]), 0x1b);  /* E F G H */
  __m128i abef = _mm_alignr_epi8 (low, high, 8), cdgh = _mm_blend_epi16 (high, low, 0xf0);

  for (; n_blocks > 0; n_blocks--, data += 64) {
    const __m128i abef_before = abef, cdgh_before = cdgh;
    __m128i w[4];

#pragma GCC unroll 16
    for (int i = 0; i < 16; i++) {
      __m128i sum;

      if (i < 4)
        w[i] = _mm_shuffle_epi8 (_mm_loadu_si128 ((const __m128i *) (const void *) (data + 16 * i)), swap);
      else
        w[i & 3] = _mm_sha256msg2_epu32 (_mm_add_epi32 (_mm_sha256msg1_epu32 (w[i & 3], w[(i + 1) & 3]),
                                                        _mm_alignr_epi8 (w[(i + 3) & 3], w[(i + 2) & 3], 4)), w[(i + 3) & 3]);
      sum = _mm_add_epi32 (w[i & 3], _mm_load_si128 ((const __m128i *) (const void *) &round_constants[4 * i]));
      cdgh = _mm_sha256rnds2_epu32 (cdgh, abef, sum);
      abef = _mm_sha256rnds2_epu32 (abef, cdgh, _mm_shuffle_epi32 (sum, 0x0e));
    }
    abef = _mm_add_epi32 (abef, abef_before);
    cdgh = _mm_add_epi32 (cdgh, cdgh_before);
  }
  low = _mm_shuffle_epi32 (abef, 0x1b);   /* F E B A */
  high = _mm_shuffle_epi32 (cdgh, 0xb1);  /* D C H G */
  _mm_storeu_si128 ((__m128i *) (void *) &state[0], _mm_blend_epi16 (low, high, 0xf0));
  _mm_storeu_si128 ((__m128i *) (void *) &state[4], _mm_alignr_epi8 (high, low, 8));
}

static gboolean
has_sha_instructions (void)
{
  static gsize answer = 0;  /* 1: no, 2: yes */

  if (g_once_init_enter (&answer)) {
    guint a, b, c, d;
    gboolean sha = __get_cpuid_count (7, 0, &a, &b, &c, &d) && (b & (1u << 29)) != 0;

    sha = sha && __get_cpuid (1, &a, &b, &c, &d) && (c & bit_SSSE3) != 0 && (c & bit_SSE4_1) != 0;
    g_once_init_leave (&answer, sha ? 2 : 1);
  }
  return answer == 2;
}
#endif

void
cr_sha256_init_portable (CrSha256 *sha)
{
  static const guint32 first[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };

  memcpy (sha->state, first, sizeof first);
  sha->length = 0;
  sha->blocks = blocks_portable;
}

void
cr_sha256_init (CrSha256 *sha)
{
  cr_sha256_init_portable (sha);
#if HAVE_X86
  if (has_sha_instructions ())
    sha->blocks = blocks_x86;
#endif
}

void
cr_sha256_update (CrSha256 *sha, const void *data, gsize length)
{
  const guint8 *p = data;
  const gsize waiting = (gsize) (sha->length % 64);

  if (length == 0)
    return;
  sha->length += length;
  if (waiting > 0) {
    const gsize n = MIN (length, 64 - waiting);

    memcpy (sha->block + waiting, p, n);
    p += n;
    length -= n;
    if (waiting + n < 64)
      return;
    sha->blocks (sha->state, sha->block, 1);
  }
  sha->blocks (sha->state, p, length / 64);
  memcpy (sha->block, p + length / 64 * 64, length % 64);
}

void
cr_sha256_finish (CrSha256 *sha, guint8 digest[CR_SHA256_SIZE])
{
  const guint64 bits = GUINT64_TO_BE (sha->length * 8);
  gsize waiting = (gsize) (sha->length % 64);

  sha->block[waiting++] = 0x80;
  if (waiting > 56) {
    memset (sha->block + waiting, 0, 64 - waiting);
    sha->blocks (sha->state, sha->block, 1);
    waiting = 0;
  }
  memset (sha->block + waiting, 0, 56 - waiting);
  memcpy (sha->block + 56, &bits, 8);
  sha->blocks (sha->state, sha->block, 1);
  for (int i = 0; i < 8; i++) {
    const guint32 word = GUINT32_TO_BE (sha->state[i]);

    memcpy (digest + 4 * i, &word, 4);
  }
}

char *
cr_sha256_finish_hex (CrSha256 *sha)
{
  static const char digits[] = "0123456789abcdef";
  guint8 digest[CR_SHA256_SIZE];
  char *hex = g_malloc (2 * CR_SHA256_SIZE + 1);

  cr_sha256_finish (sha, digest);
  for (int i = 0; i < CR_SHA256_SIZE; i++) {
    hex[2 * i] = digits[digest[i] >> 4];
    hex[2 * i + 1] = digits[digest[i] & 15];
  }
  hex[2 * CR_SHA256_SIZE] = '\0';
  return hex;
}

char *
cr_sha256_hex (const void *data, gsize length)
{
  CrSha256 sha;

  cr_sha256_init (&sha);
  cr_sha256_update (&sha, data, length);
  return cr_sha256_finish_hex (&sha);
}
