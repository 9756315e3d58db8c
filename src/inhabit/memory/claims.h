/* What waits beside a belief (quarantine.py): claims that the world is otherwise than believed at a cue.

   KEYS and VALUES are a head's sizes, which kernel.py names when it compiles. */

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define SURE_ENOUGH 3.0f /* nats: quarantine.py's _REFUTED */
#define LOUDEST 8.0f     /* nats */
#define GONE 0.02f       /* of a weight */
#define SLIGHT 1e-3f     /* of the noise */
#define LEAST 1e-12f
#define NOWHERE -1e6f /* log-odds */

/* Slots of claims, each empty where its weight is 0. */
typedef struct {
  float *cues, *directions, *errors, *spreads, *weights, *odds;
  bool *former;
  int slots;
} Claims;

/* One event as the belief met it; `squared` is the error's square, summed, `open` what `spread` has above 1. */
typedef struct {
  const float *cue;
  float error[VALUES], covered[KEYS], squared, open, spread, blank, noise, surprise, limit;
} Meeting;

static inline float dot(const float *one, const float *other, int size) {
  float sum = 0;
  for (int i = 0; i < size; i++) sum += one[i] * other[i];
  return sum;
}

static inline void add(float *to, float times, const float *part, int size) {
  for (int i = 0; i < size; i++) to[i] += times * part[i];
}

static inline bool sane(const float *part, int size, float limit) {
  bool good = true; /* false for NaN */
  for (int i = 0; i < size; i++) good &= fabsf(part[i]) <= limit;
  return good;
}

static float log_likelihood(float squared, float variance) {
  return -0.5f * (squared / variance + VALUES * logf(6.28318530718f * variance));
}

static float log_add(float a, float b) { return fmaxf(a, b) + log1pf(expf(-fabsf(a - b))); }

/* Words that claims take where they lie one field after another, in the order of `Claims`; a flag too has a word. */
static size_t claims_size(int slots) { return (size_t)slots * (2 * KEYS + VALUES + 4); }

static Claims claims_in(float *block, int slots) {
  Claims claims = {.slots = slots, .cues = block, .directions = block + slots * KEYS};
  claims.errors = claims.directions + slots * KEYS, claims.spreads = claims.errors + slots * VALUES;
  claims.weights = claims.spreads + slots, claims.odds = claims.weights + slots;
  claims.former = (bool *)(claims.odds + slots);
  return claims;
}

/* Only of slots that are filled. */
static void copy_claims(Claims *to, const Claims *from) {
  for (int s = 0; s < from->slots; s++) {
    to->weights[s] = from->weights[s];
    if (!(from->weights[s] > 0)) continue;
    memcpy(to->cues + s * KEYS, from->cues + s * KEYS, KEYS * sizeof(float));
    memcpy(to->directions + s * KEYS, from->directions + s * KEYS, KEYS * sizeof(float));
    memcpy(to->errors + s * VALUES, from->errors + s * VALUES, VALUES * sizeof(float));
    to->spreads[s] = from->spreads[s], to->odds[s] = from->odds[s], to->former[s] = from->former[s];
  }
}

/* Says how many are left. */
static int fade(Claims *claims, float keep) {
  int waiting = 0;
  for (int s = 0; s < claims->slots; s++) {
    float weight = keep * claims->weights[s];
    claims->weights[s] = weight < GONE ? 0 : weight;
    waiting += claims->weights[s] > 0;
  }
  return waiting;
}

/* How far claim `s` reaches at a cue, and how much it is held there against the belief's 1. */
static inline float reach_of(const Claims *claims, int s, const float *cue) {
  return dot(claims->directions + s * KEYS, cue, KEYS);
}

static inline float held_at(const Claims *claims, int s, float reach) {
  return fminf(reach * reach, 1) * expf(fminf(claims->odds[s], 0));
}

/* Adds how far the claims move what is expected at a cue, each by its posterior probability. */
static void hedge(const Claims *claims, const float *cue, float *moved) {
  float share[claims->slots], all = 1;
  for (int s = 0; s < claims->slots; s++) {
    if (!(claims->weights[s] > 0)) continue;
    float reach = reach_of(claims, s, cue), held = held_at(claims, s, reach);
    share[s] = held * reach;
    all += held;
  }
  for (int s = 0; s < claims->slots; s++)
    if (claims->weights[s] > 0) add(moved, share[s] / all, claims->errors + s * VALUES, VALUES);
}

static float outlying(const Meeting *met) {
  return fmaxf(met->noise * (met->spread + met->blank), met->squared / VALUES);
}

/* Nats by which an event speaks for each claim that waits. */
static void evidence(const Claims *claims, const Meeting *met, float *told) {
  float outlier = log_likelihood(met->squared, outlying(met));
  float against = log_add(log_likelihood(met->squared, met->noise * met->spread), outlier);
  for (int s = 0; s < claims->slots; s++) {
    told[s] = 0;
    if (!(claims->weights[s] > 0)) continue;
    float reach = reach_of(claims, s, met->cue), squared = 0;
    for (int j = 0; j < VALUES; j++) {
      float left = met->error[j] - reach * claims->errors[s * VALUES + j];
      squared += left * left;
    }
    float doubt = reach * reach * claims->spreads[s] / claims->weights[s];
    told[s] = log_add(log_likelihood(squared, met->noise * (met->spread + doubt)), outlier) - against;
  }
}

static bool refuted(const Claims *claims, int s, float told) {
  return told < -SURE_ENOUGH && !claims->former[s] && claims->weights[s] > 0;
}

/* An expected event speaks against what waits; says how many it refutes. */
static int disbelieve(Claims *claims, const Meeting *met, float returning) {
  float told[claims->slots];
  int gone = 0;
  evidence(claims, met, told);
  for (int s = 0; s < claims->slots; s++) {
    if (!(claims->weights[s] > 0)) continue;
    claims->odds[s] += fminf(told[s], 0);
    if (claims->former[s]) claims->odds[s] = fmaxf(claims->odds[s], returning);
    if (refuted(claims, s, told[s])) {
      claims->weights[s] = 0;
      gone++;
    }
  }
  return gone;
}

static bool same_cue(const Claims *claims, int s, const float *cue) {
  const float *other = claims->cues + s * KEYS;
  float along = dot(other, cue, KEYS);
  return along * along > 0.5f * dot(other, other, KEYS) * dot(cue, cue, KEYS);
}

static int lightest(const float *weights, int slots) {
  int least = 0;
  for (int s = 1; s < slots; s++)
    if (weights[s] < weights[least]) least = s;
  return least;
}

static void put(Claims *claims, int s, const Meeting *met, const float *errors, float scale, float spread, float odds,
                bool former) {
  memcpy(claims->cues + s * KEYS, met->cue, KEYS * sizeof(float));
  for (int i = 0; i < KEYS; i++)
    claims->directions[s * KEYS + i] = met->covered[i] / fmaxf(met->open, LEAST);
  for (int j = 0; j < VALUES; j++) claims->errors[s * VALUES + j] = scale * errors[j];
  claims->spreads[s] = spread, claims->weights[s] = 1, claims->odds[s] = odds, claims->former[s] = former;
}
