/* The surprise memory's step, one event after another, for heads of KEYS x VALUES: what living.py says in chunks.

   A head's belief fits in the nearest cache, so each event costs one pass over it, in which the event before is
   written, its query read, and the next cue met. kernel.py compiles this and names, by macros, the orders of what
   passes between them: NUMBERS of a head, ARGUMENTS and RESULTS of a call. */

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "xla/ffi/api/c_api.h"

enum { NUMBERS, ALL_NUMBERS };
enum { ARGUMENTS };
enum { RESULTS };

#define SURE_ENOUGH 3.0f /* nats: quarantine.py's _REFUTED */
#define LOUDEST 8.0f     /* nats */
#define GONE 0.02f       /* of a weight */
#define SLIGHT 1e-3f     /* of the noise */
#define LEAST 1e-12f

/* A head as it lives: pointers into the results. `mean` is less the prior while it lives. */
typedef struct {
  const float *number, *prior;
  float *mean, *covariance, *cues, *directions, *errors, *spreads, *weights, *odds, *experience, *noise, *weight;
  bool *former, leans;
  int slots, waiting;
} Head;

/* One event as the belief met it; `squared` is the error's square, summed. */
typedef struct {
  const float *cue;
  float error[VALUES], covered[KEYS], squared, spread, blank, noise, surprise, limit;
} Meeting;

/* What the belief is to take in. */
typedef struct {
  float error[VALUES], squared, noise, change;
  bool taken, confirmed;
} Lesson;

/* What one event told. */
typedef struct {
  float *innovation, *surprise, *surprisal, *information, *written;
  bool *quarantined, *confirmed, *ignored;
} Info;

/* What one pass over a belief finds for the event after it. */
typedef struct {
  float covered[KEYS], expected[VALUES], read[VALUES];
} Found;

static inline float dot(const float *one, const float *other, int size) {
  float sum = 0;
  for (int i = 0; i < size; i++) sum += one[i] * other[i];
  return sum;
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

/* ---- what waits (quarantine.py) ---- */

static void fade(Head *head, float keep) {
  head->waiting = 0;
  for (int s = 0; s < head->slots; s++) {
    float weight = keep * head->weights[s];
    head->weights[s] = weight < GONE ? 0 : weight;
    head->waiting += head->weights[s] > 0;
  }
}

/* Adds how far the claims move what is expected at a cue, each by its posterior probability. */
static void hedge(const Head *head, const float *cue, float *moved) {
  float share[head->slots], all = 1;
  for (int s = 0; s < head->slots; s++) {
    if (!(head->weights[s] > 0)) continue;
    float reach = dot(head->directions + s * KEYS, cue, KEYS);
    float held = fminf(reach * reach, 1) * expf(fminf(head->odds[s], 0));
    share[s] = held * reach;
    all += held;
  }
  for (int s = 0; s < head->slots; s++)
    if (head->weights[s] > 0)
      for (int j = 0; j < VALUES; j++) moved[j] += share[s] / all * head->errors[s * VALUES + j];
}

static float outlying(const Meeting *met) {
  return fmaxf(met->noise * (met->spread + met->blank), met->squared / VALUES);
}

/* Nats by which an event speaks for each claim that waits. */
static void evidence(const Head *head, const Meeting *met, float *told) {
  float outlier = log_likelihood(met->squared, outlying(met));
  float against = log_add(log_likelihood(met->squared, met->noise * met->spread), outlier);
  for (int s = 0; s < head->slots; s++) {
    told[s] = 0;
    if (!(head->weights[s] > 0)) continue;
    float reach = dot(head->directions + s * KEYS, met->cue, KEYS), squared = 0;
    for (int j = 0; j < VALUES; j++) {
      float left = met->error[j] - reach * head->errors[s * VALUES + j];
      squared += left * left;
    }
    float doubt = reach * reach * head->spreads[s] / head->weights[s];
    told[s] = log_add(log_likelihood(squared, met->noise * (met->spread + doubt)), outlier) - against;
  }
}

static bool refuted(const Head *head, int s, float told) {
  return told < -SURE_ENOUGH && !head->former[s] && head->weights[s] > 0;
}

/* An expected event speaks against what waits. */
static void disbelieve(Head *head, const Meeting *met) {
  float told[head->slots];
  evidence(head, met, told);
  for (int s = 0; s < head->slots; s++) {
    if (!(head->weights[s] > 0)) continue;
    head->odds[s] += fminf(told[s], 0);
    if (head->former[s]) head->odds[s] = fmaxf(head->odds[s], head->number[RETURNING]);
    if (refuted(head, s, told[s])) {
      head->weights[s] = 0;
      head->experience[1] += 1;
    }
  }
}

static bool same_cue(const Head *head, int s, const float *cue) {
  const float *other = head->cues + s * KEYS;
  float along = dot(other, cue, KEYS);
  return along * along > 0.5f * dot(other, other, KEYS) * dot(cue, cue, KEYS);
}

static int lightest(const float *weights, int slots) {
  int least = 0;
  for (int s = 1; s < slots; s++)
    if (weights[s] < weights[least]) least = s;
  return least;
}

static void put(Head *head, int s, const Meeting *met, const float *errors, float scale, float spread, float odds,
                bool former) {
  memcpy(head->cues + s * KEYS, met->cue, KEYS * sizeof(float));
  for (int i = 0; i < KEYS; i++) head->directions[s * KEYS + i] = met->covered[i] / fmaxf(met->spread - 1, LEAST);
  for (int j = 0; j < VALUES; j++) head->errors[s * VALUES + j] = scale * errors[j];
  head->spreads[s] = spread, head->weights[s] = 1, head->odds[s] = odds, head->former[s] = former;
}

/* ---- what a surprise teaches (lesson.py, `shaken`) ---- */

static void shaken(Head *head, const Meeting *met, Lesson *lesson) {
  const float *number = head->number;
  float told[head->slots], foreseen = -1e6f, pooled[VALUES];
  evidence(head, met, told);
  float anew = log_likelihood(met->squared, met->noise * (met->spread + met->blank));
  float loud = fminf(log_likelihood(met->squared, outlying(met)) - anew, LOUDEST);
  float once = number[ONCE]; /* of all surprises so far, one's worth */
  float alone =
      log1pf(head->experience[0] * once) - log1pf(head->experience[1] * once) - number[CONVICTION] - loud;

  int slot = 0;
  for (int s = 0; s < head->slots; s++) {
    if (!(head->weights[s] > 0)) continue;
    float odds = head->odds[s] + (head->former[s] ? told[s] : fminf(told[s], number[REPEATED]));
    if (odds > foreseen) foreseen = odds, slot = s;
  }
  bool recalled = foreseen > alone, was = head->former[slot];
  float towards = fmaxf(foreseen, alone), open = met->spread - 1, share = 1, claimed = 0;
  if (recalled) {
    float doubt = head->spreads[slot] / fmaxf(head->weights[slot], LEAST);
    share = doubt / (doubt + 1);
    claimed = dot(head->directions + slot * KEYS, met->cue, KEYS);
  }
  for (int j = 0; j < VALUES; j++) {
    float said = claimed * head->errors[slot * VALUES + j];
    pooled[j] = said + share * (met->error[j] - said);
  }

  if (towards > 0) { /* the belief turns, and what was believed waits in its stead */
    *lesson = (Lesson){.noise = fmaxf(share, SLIGHT), .change = fmaxf(met->blank - open, 0), .taken = true,
                       .confirmed = true};
    memcpy(lesson->error, pooled, sizeof pooled);
    float wide = open + lesson->change, order[head->slots];
    for (int s = 0; s < head->slots; s++) {
      bool same = same_cue(head, s, met->cue);
      order[s] = same && head->weights[s] > 0 ? -1 : head->weights[s];
      if (same) head->weights[s] = 0;
    }
    if (recalled) head->experience[was] += 1;
    put(head, recalled ? slot : lightest(order, head->slots), met, pooled, -wide / (wide + lesson->noise),
        fmaxf(open, SLIGHT), fmaxf(-towards, number[RETURNING]), true);
  } else { /* it waits itself */
    lesson->taken = false;
    float for_nothing = loud > SURE_ENOUGH;
    for (int s = 0; s < head->slots; s++)
      if (refuted(head, s, told[s])) {
        head->weights[s] = 0;
        for_nothing += 1;
      }
    head->experience[1] += for_nothing;
    if (recalled && told[slot] > SURE_ENOUGH)
      put(head, slot, met, pooled, 1, share, foreseen, was);
    else
      put(head, lightest(head->weights, head->slots), met, met->error, 1, number[INFLATION], alone, false);
  }
  lesson->squared = dot(lesson->error, lesson->error, VALUES);
}

/* ---- one event ---- */

/* A few rows of the belief: lean back, write, and find what the next event and the query need. */
static inline __attribute__((always_inline)) void rows(
    Head *head, int first, const int count, float keep, float kept, float sign, const float *restrict gain,
    const float *restrict lost, const float *restrict error, const float *restrict next, const float *restrict query,
    Found *restrict found) {
  float *restrict covariance = head->covariance + first * KEYS, *restrict mean = head->mean + first * VALUES;
  for (int j = 0; j < KEYS; j++) {
    float covered = found->covered[j];
#pragma GCC unroll 4
    for (int r = 0; r < count; r++) {
      float entry = kept * covariance[r * KEYS + j] - sign * lost[first + r] * lost[j];
      covariance[r * KEYS + j] = entry;
      covered += next[first + r] * entry;
    }
    found->covered[j] = covered;
  }
  for (int j = 0; j < VALUES; j++) {
    float expected = found->expected[j], read = found->read[j];
#pragma GCC unroll 4
    for (int r = 0; r < count; r++) {
      float entry = keep * mean[r * VALUES + j] + gain[first + r] * error[j];
      mean[r * VALUES + j] = entry;
      expected += next[first + r] * entry;
      read += query[first + r] * entry;
    }
    found->expected[j] = expected, found->read[j] = read;
  }
}

/* One pass over a belief. `sign * lost lost'` is what the covariance loses, `gain` times the error what the mean gains. */
static void pass(Head *head, float keep, float kept, float fresh, float sign, const float *gain, const float *lost,
                 const float *error, const float *next, const float *query, Found *found) {
  memset(found, 0, sizeof *found);
  for (int first = 0; first + 4 <= KEYS; first += 4)
    rows(head, first, 4, keep, kept, sign, gain, lost, error, next, query, found);
  if (KEYS % 4) rows(head, KEYS - KEYS % 4, KEYS % 4, keep, kept, sign, gain, lost, error, next, query, found);
  for (int i = 0; i < KEYS; i++) {
    head->covariance[i * KEYS + i] += fresh;
    found->covered[i] += fresh * next[i];
  }
}

static void add_prior(const Head *head, const float *cue, float *expected) {
  for (int i = 0; i < KEYS; i++)
    for (int j = 0; j < VALUES; j++) expected[j] += cue[i] * head->prior[i * VALUES + j];
}

/* Sets an event against what is believed; `found` is what the pass before found, not leaned back yet. */
static void meet(const Head *head, const Found *found, const float *cue, const float *value, float keep, float kept,
                 float fresh, Meeting *met) {
  float open = 0, length = 0, expected[VALUES] = {0};
  if (head->leans) add_prior(head, cue, expected);
  for (int i = 0; i < KEYS; i++) {
    met->covered[i] = kept * found->covered[i] + fresh * cue[i];
    open += met->covered[i] * cue[i];
    length += cue[i] * cue[i];
  }
  for (int j = 0; j < VALUES; j++) met->error[j] = value[j] - expected[j] - keep * found->expected[j];
  open = fmaxf(open, 0);
  met->cue = cue;
  met->squared = dot(met->error, met->error, VALUES);
  met->spread = 1 + open;
  met->blank = head->number[VARIANCE] * length;
  met->noise = *head->noise;
  met->surprise = met->squared / (VALUES * met->noise * met->spread);
  float unknown = open * open / (met->spread * fmaxf(met->blank, LEAST));
  met->limit = head->number[ADMITTED] * (1 + head->number[SLACK] * unknown);
}

/* The running noise, and what is told of the event. */
static void account(Head *head, const Meeting *met, const Lesson *lesson, const Info *info) {
  float before = head->number[KEEP] * *head->weight, count = lesson->confirmed ? 0 : VALUES / met->spread;
  float seen = met->noise * fminf(met->surprise, met->limit);
  *head->weight = before + count;
  *head->noise = fmaxf((before * met->noise + count * seen) / (before + count), LEAST);
  float wide = met->spread - 1 + lesson->change, total = wide + lesson->noise;
  float log_spread = logf(met->spread), log_noise = logf(6.28318530718f * met->noise);
  float breadth = lesson->confirmed ? logf(total / lesson->noise) : log_spread;
  *info->surprise = met->surprise;
  *info->surprisal = 0.5f * VALUES * (met->surprise + log_noise + log_spread);
  *info->information = 0.5f * lesson->taken *
                       (VALUES * (breadth - wide / total) + lesson->squared * wide / (met->noise * total * total));
  *info->written = lesson->taken * wide / total;
  *info->quarantined = !lesson->taken;
  *info->confirmed = lesson->confirmed;
  *info->ignored = false;
}

static void ignore(const Info *info) {
  memset(info->innovation, 0, VALUES * sizeof(float));
  *info->surprise = *info->surprisal = *info->information = *info->written = 0;
  *info->quarantined = *info->confirmed = false;
  *info->ignored = true;
}

/* Many events. Rows of cues, values and queries are `stride` heads apart; `queries` and `read` may be absent. */
static void live(Head *head, const float *cues, const float *values, const float *queries, long time, long stride,
                 Info info, float *read) {
  const float *number = head->number;
  const float keep = expf(number[RATE]), kept = keep * keep, fresh = (1 - kept) * number[VARIANCE];
  const float nothing[KEYS > VALUES ? KEYS : VALUES] = {0};
  Found found;
  fade(head, 1);
  pass(head, 1, 1, 0, 1, nothing, nothing, nothing, cues, cues, &found);
  for (long t = 0; t < time; t++) {
    const float *cue = cues + t * stride * KEYS, *value = values + t * stride * VALUES;
    const float *query = queries ? queries + t * stride * KEYS : cue, *next = t + 1 < time ? cue + stride * KEYS : cue;
    if (sane(cue, KEYS, number[LIMIT]) && sane(value, VALUES, number[LIMIT])) {
      Meeting met;
      meet(head, &found, cue, value, keep, kept, fresh, &met);
      Lesson lesson = {.squared = met.squared, .noise = 1, .taken = true};
      memcpy(lesson.error, met.error, sizeof met.error);
      memcpy(info.innovation, met.error, sizeof met.error);
      if (head->waiting) {
        float moved[VALUES] = {0};
        fade(head, number[FADED]);
        hedge(head, cue, moved);
        for (int j = 0; j < VALUES; j++) info.innovation[j] -= moved[j];
      }
      if (met.surprise > met.limit) {
        shaken(head, &met, &lesson);
        head->waiting = 1;
      } else if (head->waiting) {
        disbelieve(head, &met);
      }
      account(head, &met, &lesson, &info);

      /* Joseph's form with a gain along the covered cue: associative.py's `kalman_gain` and `correct`. */
      float open = met.spread - 1, wide = open + lesson.change, tiny = fmaxf(wide, LEAST);
      float scale = (lesson.change > 0 ? wide / fmaxf(open, LEAST) : 1) / (wide + lesson.noise);
      float noise = lesson.noise * (1 + lesson.change * lesson.noise / (tiny * tiny));
      float loss = lesson.taken ? scale * (2 - (open + noise) * scale) : 0, root = sqrtf(fabsf(loss));
      if (!lesson.taken) scale = 0;
      float gain[KEYS], lost[KEYS];
      for (int i = 0; i < KEYS; i++) gain[i] = scale * met.covered[i], lost[i] = root * met.covered[i];
      pass(head, keep, kept, fresh, loss < 0 ? -1 : 1, gain, lost, lesson.error, next, query, &found);
    } else {
      ignore(&info);
      pass(head, 1, 1, 0, 1, nothing, nothing, nothing, next, query, &found);
    }
    if (queries) {
      bool good = sane(query, KEYS, number[LIMIT]);
      if (good && head->leans) add_prior(head, query, found.read);
      if (good && head->waiting) hedge(head, query, found.read);
      for (int j = 0; j < VALUES; j++) read[j] = good ? found.read[j] : 0;
      read += stride * VALUES;
    }
    info.innovation += stride * VALUES;
    info.surprise++, info.surprisal++, info.information++, info.written++;
    info.quarantined++, info.confirmed++, info.ignored++;
  }
}

/* ---- the call from XLA ---- */

static void *buffer(void **list, int at, long offset, size_t size) {
  return (char *)((XLA_FFI_Buffer *)list[at])->data + offset * size;
}

/* The state is written in place, or into a copy. */
static void *kept(const void *before, void *after, size_t size) {
  return before == after ? after : memcpy(after, before, size);
}

XLA_FFI_Error *inhabit_live(XLA_FFI_CallFrame *frame) {
  XLA_FFI_Metadata_Extension *asked = (void *)frame->extension_start; /* its base has two names in two versions */
  if (asked && asked->extension_base.type == XLA_FFI_Extension_Metadata) {
    XLA_FFI_Api_Version *version = &asked->metadata->api_version;
    version->major_version = XLA_FFI_API_MAJOR, version->minor_version = XLA_FFI_API_MINOR;
    return NULL;
  }
  void **in = frame->args.args, **out = frame->rets.rets;
  XLA_FFI_Buffer *cues = in[IN_CUES], *queries = in[IN_QUERIES], *weights = in[IN_WEIGHTS];
  long heads = cues->dims[cues->rank - 3], time = cues->dims[cues->rank - 2], lives = 1;
  long slots = weights->dims[weights->rank - 1];
  bool reads = queries->rank == cues->rank;
  for (int axis = 0; axis < cues->rank - 3; axis++) lives *= cues->dims[axis];

  for (long n = 0; n < lives * heads; n++) {
    /* Events lie life by life, then by time, then by head; all else head by head. */
    long event = n / heads * time * heads + n % heads;
#define EVENTS(list, name, width) (float *)buffer(list, name, event * (width), sizeof(float))
#define HEAD(list, name, size) (float *)buffer(list, name, n * (size), sizeof(float))
#define FLAG(name, size) (bool *)buffer(out, name, n * (size), sizeof(bool))
#define KEPT(name, size) kept(HEAD(in, IN_##name, size), HEAD(out, OUT_##name, size), (size) * sizeof(float))
    Head head = {
        .number = HEAD(in, IN_NUMBERS, ALL_NUMBERS),
        .prior = HEAD(in, IN_PRIOR, KEYS * VALUES),
        .mean = KEPT(MEAN, KEYS * VALUES),
        .covariance = KEPT(COVARIANCE, KEYS * KEYS),
        .cues = KEPT(WAITING_CUES, slots * KEYS),
        .directions = KEPT(DIRECTIONS, slots * KEYS),
        .errors = KEPT(ERRORS, slots * VALUES),
        .spreads = KEPT(SPREADS, slots),
        .weights = KEPT(WEIGHTS, slots),
        .odds = KEPT(ODDS, slots),
        .experience = KEPT(EXPERIENCE, 2),
        .noise = KEPT(NOISE, 1),
        .weight = KEPT(WEIGHT, 1),
        .former = kept(buffer(in, IN_FORMER, n * slots, sizeof(bool)), FLAG(OUT_FORMER, slots), slots * sizeof(bool)),
        .slots = slots,
    };
    for (int i = 0; i < KEYS * VALUES; i++) {
      head.leans |= head.prior[i] != 0;
      head.mean[i] -= head.prior[i];
    }
    Info info = {
        .innovation = EVENTS(out, OUT_INNOVATION, VALUES),
        .surprise = HEAD(out, OUT_SURPRISE, time),
        .surprisal = HEAD(out, OUT_SURPRISAL, time),
        .information = HEAD(out, OUT_INFORMATION, time),
        .written = HEAD(out, OUT_WRITTEN, time),
        .quarantined = FLAG(OUT_QUARANTINED, time),
        .confirmed = FLAG(OUT_CONFIRMED, time),
        .ignored = FLAG(OUT_IGNORED, time),
    };
    if (time > 0)
      live(&head, EVENTS(in, IN_CUES, KEYS), EVENTS(in, IN_VALUES, VALUES),
           reads ? EVENTS(in, IN_QUERIES, KEYS) : NULL, time, heads, info, EVENTS(out, OUT_READ, VALUES));
    for (int i = 0; i < KEYS * VALUES; i++) head.mean[i] += head.prior[i];
  }
  return NULL;
}
