/* One sweep over the cotangents of a belief, which takes one event back and looks up what the one before it needs. */

#include "event.h"

/* Cotangents of a head, at the time to which they were taken back; `trace` is the covariance's. */
typedef struct {
  float *mean, *covariance, *experience, *noise, *weight, *number, *prior, trace;
  Claims claims;
} Back;

/* For what a sweep over the cotangents is to look next: the event before, and what was read after it. */
typedef struct {
  const float *covered, *error, *query, *read;
} Aim;

/* What a sweep finds: of the cotangents for the event before, and of the belief for the event taken back. */
typedef struct {
  float covered[KEYS], raised[KEYS], pulled[VALUES];       /* covariance times covered, mean times error, and back */
  float of_covariance[KEYS], of_mean[KEYS], of_read[KEYS]; /* belief's: what covers, what is expected, what was read */
  float along;                                             /* belief and cotangent, multiplied and summed */
} Swept;

static const float NOTHING[KEYS > VALUES ? KEYS : VALUES] = {0};

/* A few rows of a covariance's cotangents, from `first` on; they stay symmetric to the last digit, for what is not
   would never be forgotten. */
static inline __attribute__((always_inline)) void sweep_covariance(
    float *restrict covariance, const float *restrict belief, int first, const int count,
    const float *restrict covered, const float *restrict more, const float *restrict less, float kept,
    const float *restrict next, Swept *restrict swept, float *restrict along) {
  for (int j = 0; j < KEYS; j++) {
    float found = swept->covered[j], of_covariance = swept->of_covariance[j], product = along[j];
#pragma GCC unroll 4
    for (int r = 0; r < count; r++) {
      int at = (first + r) * KEYS + j;
      float entry = kept * covariance[at] + more[first + r] * more[j] - less[first + r] * less[j];
      covariance[at] = entry;
      found += next[first + r] * entry;
      of_covariance += covered[first + r] * belief[at];
      product += entry * belief[at];
    }
    swept->covered[j] = found, swept->of_covariance[j] = of_covariance, along[j] = product;
  }
}

/* A few rows of a mean's. */
static inline __attribute__((always_inline)) void sweep_mean(
    float *restrict mean, const float *restrict belief, int first, const int count, const float *restrict cue,
    const float *restrict error, float keep, Aim aim, Swept *restrict swept, float *restrict along) {
  const float *restrict covered = aim.covered, *restrict next = aim.error, *restrict query = aim.query;
  const float *restrict read = aim.read;
  float raised[4] = {0}, of_mean[4] = {0}, of_read[4] = {0};
  for (int j = 0; j < VALUES; j++) {
    float pulled = swept->pulled[j], product = along[j];
#pragma GCC unroll 4
    for (int r = 0; r < count; r++) {
      int at = (first + r) * VALUES + j;
      float left = keep * mean[at] - cue[first + r] * error[j], entry = left + query[first + r] * read[j];
      mean[at] = entry;
      product += left * belief[at];
      pulled += covered[first + r] * entry;
      raised[r] += next[j] * entry;
      of_mean[r] += error[j] * belief[at];
      of_read[r] += read[j] * belief[at];
    }
    swept->pulled[j] = pulled, along[j] = product;
  }
  memcpy(swept->raised + first, raised, count * sizeof(float));
  memcpy(swept->of_mean + first, of_mean, count * sizeof(float));
  memcpy(swept->of_read + first, of_read, count * sizeof(float));
}

/* One sweep: what meeting an event added to the cotangents of a belief, how it had leaned back, and what was read of it
   before. `covered` and `error` are cotangents of the event, `belief` what was held before it. */
static void sweep(Back *back, const Moment *belief, Pace pace, const float *cue, const float *covered,
                  const float *error, Aim aim, Swept *swept) {
  float squares[KEYS] = {0}, products[VALUES] = {0}, more[KEYS], less[KEYS], left[KEYS];
  memset(swept, 0, sizeof *swept);
  /* The product of two vectors, made symmetric, is a difference of two squares; these are no longer than need be. */
  float ratio = dot(covered, covered, KEYS) / fmaxf(dot(cue, cue, KEYS), LEAST), root = sqrtf(sqrtf(ratio));
  float one = 0.5f * pace.keep * root, other = root > 0 ? 0.5f * pace.keep / root : 0;
  for (int i = 0; i < KEYS; i++) {
    more[i] = one * cue[i] + other * covered[i], less[i] = one * cue[i] - other * covered[i];
    left[i] = pace.keep * cue[i];
  }
#define ROWS(first, count)                                                                                             \
  sweep_covariance(back->covariance, belief->covariance, first, count, covered, more, less, pace.kept, aim.covered,    \
                   swept, squares);                                                                                    \
  sweep_mean(back->mean, belief->mean, first, count, left, error, pace.keep, aim, swept, products)
  for (int first = 0; first + 4 <= KEYS; first += 4) { ROWS(first, 4); }
  if (KEYS % 4) { ROWS(KEYS - KEYS % 4, KEYS % 4); }
#undef ROWS
  for (int i = 0; i < KEYS; i++) swept->along += 2 * squares[i];
  for (int j = 0; j < VALUES; j++) swept->along += products[j];
  back->trace = pace.kept * (back->trace + dot(covered, cue, KEYS));
}
