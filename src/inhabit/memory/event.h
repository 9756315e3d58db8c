/* The surprise memory's step, one event after another, for heads of KEYS x VALUES: what living.py says in chunks.

   A head's belief fits in the nearest cache, so each event costs one pass over it, in which the event before is
   written, its query read, and the next cue met. */

#include "verdict.h"

/* Rows of events, `stride` heads apart; there may be no queries. */
typedef struct {
  const float *cues, *values, *queries;
  long stride;
} Events;

/* How a lesson is written: `gain` times what is covered is what the mean gains for each unit of error, `loss` times the
   square of what is covered what the covariance loses. */
typedef struct {
  float gain, loss, noise;
} Writing;

/* What one event told. */
typedef struct {
  float *innovation, *surprise, *surprisal, *information, *written;
  bool *quarantined, *confirmed, *ignored;
} Info;

/* What one pass over a belief finds for the event after it. */
typedef struct {
  float covered[KEYS], expected[VALUES], read[VALUES];
} Found;

#define LINE 64 /* bytes of a cache's line */

/* One event as it was lived, and what was held before it leaned back and faded. */
typedef struct {
  float covariance[KEYS * KEYS] __attribute__((aligned(LINE))), mean[KEYS * VALUES], experience[2], weight;
  Meeting met;
  Lesson lesson;
  Claims claims;
  bool sane, waits, beyond, asked;
} Moment;

/* How a belief leans back in one event: shares of mean and covariance that it keeps, and variance that it gains. */
typedef struct {
  float keep, kept, fresh;
} Pace;

static Pace pace_of(const Head *head) {
  float keep = expf(head->number[RATE]), kept = keep * keep;
  return (Pace){keep, kept, (1 - kept) * head->number[VARIANCE]};
}

/* A few rows of the belief: lean back, write, and find what the next event and the query need. `from` may be `to`. */
static inline __attribute__((always_inline)) void rows(
    Belief from, Belief to, int first, const int count, Pace pace, float sign, const float *restrict gain,
    const float *restrict lost, const float *restrict error, const float *restrict next, const float *restrict query,
    Found *restrict found) {
  const float *covariance = from.covariance + first * KEYS, *mean = from.mean + first * VALUES;
  float *new_covariance = to.covariance + first * KEYS, *new_mean = to.mean + first * VALUES;
#pragma GCC ivdep
  for (int j = 0; j < KEYS; j++) {
    float covered = found->covered[j];
#pragma GCC unroll 4
    for (int r = 0; r < count; r++) {
      float entry = pace.kept * covariance[r * KEYS + j] - sign * lost[first + r] * lost[j];
      new_covariance[r * KEYS + j] = entry;
      covered += next[first + r] * entry;
    }
    found->covered[j] = covered;
  }
#pragma GCC ivdep
  for (int j = 0; j < VALUES; j++) {
    float expected = found->expected[j], read = found->read[j];
#pragma GCC unroll 4
    for (int r = 0; r < count; r++) {
      float entry = pace.keep * mean[r * VALUES + j] + gain[first + r] * error[j];
      new_mean[r * VALUES + j] = entry;
      expected += next[first + r] * entry;
      read += query[first + r] * entry;
    }
    found->expected[j] = expected, found->read[j] = read;
  }
}

/* One pass over a belief. `sign * lost lost'` is what the covariance loses, `gain` times the error what the mean gains.
   Were it inlined, the compiler would order its sums otherwise, which costs half a digit. */
static __attribute__((noinline)) void pass(
    Belief from, Belief to, Pace pace, float sign, const float *gain, const float *lost, const float *error,
    const float *next, const float *query, Found *found) {
  memset(found, 0, sizeof *found);
  for (int first = 0; first + 4 <= KEYS; first += 4)
    rows(from, to, first, 4, pace, sign, gain, lost, error, next, query, found);
  if (KEYS % 4) rows(from, to, KEYS - KEYS % 4, KEYS % 4, pace, sign, gain, lost, error, next, query, found);
  for (int i = 0; i < KEYS; i++) {
    to.covariance[i * KEYS + i] += pace.fresh;
    found->covered[i] += pace.fresh * next[i];
  }
}

static void add_prior(const Head *head, const float *cue, float *expected) {
  for (int i = 0; i < KEYS; i++) add(expected, cue[i], head->prior + i * VALUES, VALUES);
}

/* By how much wider the gate stands, were `slack` 1: where little is known. */
static float unknown(const Meeting *met) {
  float open = met->open;
  return open * open / (met->spread * fmaxf(met->blank, LEAST));
}

/* Sets an event against what is believed; `found` is what the pass before found, not leaned back yet. */
static void meet(const Head *head, const Found *found, const float *cue, const float *value, Pace pace, Meeting *met) {
  float open = 0, length = 0, expected[VALUES] = {0};
  if (head->leans) add_prior(head, cue, expected);
  for (int i = 0; i < KEYS; i++) {
    met->covered[i] = pace.kept * found->covered[i] + pace.fresh * cue[i];
    open += met->covered[i] * cue[i];
    length += cue[i] * cue[i];
  }
  for (int j = 0; j < VALUES; j++) met->error[j] = value[j] - expected[j] - pace.keep * found->expected[j];
  open = fmaxf(open, 0);
  met->cue = cue;
  met->squared = dot(met->error, met->error, VALUES);
  met->open = open, met->spread = 1 + open;
  met->blank = head->number[VARIANCE] * length;
  met->noise = *head->noise;
  met->surprise = met->squared / (VALUES * met->noise * met->spread);
  met->limit = head->number[ADMITTED] * (1 + head->number[SLACK] * unknown(met));
}

/* Joseph's form with a gain along the covered cue: associative.py's `kalman_gain` and `correct`. */
static Writing writing(const Meeting *met, const Lesson *lesson) {
  float open = met->open, wide = open + lesson->change, tiny = fmaxf(wide, LEAST);
  float gain = (lesson->change > 0 ? wide / fmaxf(open, LEAST) : 1) / (wide + lesson->noise);
  float noise = lesson->noise * (1 + lesson->change * lesson->noise / (tiny * tiny));
  return (Writing){gain, gain * (2 - (open + noise) * gain), noise};
}

/* What was seen of the noise, and how many squared deviations that is worth. */
static float worth(const Meeting *met, const Lesson *lesson) { return lesson->confirmed ? 0 : VALUES / met->spread; }

static float seen(const Meeting *met) { return met->noise * fminf(met->surprise, met->limit); }

static void account(Head *head, const Meeting *met, const Lesson *lesson) {
  float before = head->number[KEEP] * *head->weight, count = worth(met, lesson);
  *head->weight = before + count;
  *head->noise = fmaxf((before * met->noise + count * seen(met)) / (before + count), LEAST);
}

static void tell(const Meeting *met, const Lesson *lesson, const Info *info) {
  float wide = met->open + lesson->change, total = wide + lesson->noise;
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

/* Where a belief is written that is to be kept, or else the head's own. */
static Belief place(const Head *head, Moment *moment) {
  return moment ? (Belief){moment->mean, moment->covariance} : head->belief;
}

/* Keeps what is held before an event; the belief is kept by the pass that made it. */
static void keep(const Head *head, bool good, Moment *moment) {
  moment->sane = good, moment->waits = head->waiting, moment->weight = *head->weight;
  memcpy(moment->experience, head->experience, sizeof moment->experience);
  if (head->waiting)
    copy_claims(&moment->claims, &head->claims);
  else
    memset(moment->claims.weights, 0, head->claims.slots * sizeof(float));
}

/* Many events. What is told, what is read and what is kept may be absent; one moment more is kept than events. */
static inline __attribute__((always_inline)) void live(Head *head, Events events, long time, Info *info, float *read,
                                                       Moment *moments) {
  const float *number = head->number, *cue = events.cues, *value = events.values, *query = events.queries;
  const Pace pace = pace_of(head), still = {1, 1, 0};
  const float nothing[KEYS > VALUES ? KEYS : VALUES] = {0};
  Found found;
  head->waiting = fade(&head->claims, 1);
  pass(head->belief, place(head, moments), still, 1, nothing, nothing, nothing, cue, cue, &found);
  for (long t = 0; t < time; t++) {
    const float *next = t + 1 < time ? cue + events.stride * KEYS : cue, *asked = query ? query : cue;
    Moment *moment = moments ? moments + t : NULL;
    Belief now = place(head, moment), then = place(head, moments ? moment + 1 : NULL);
    bool good = sane(cue, KEYS, number[LIMIT]) && sane(value, VALUES, number[LIMIT]);
    if (moment) keep(head, good, moment);
    if (good) {
      Meeting met;
      meet(head, &found, cue, value, pace, &met);
      Lesson lesson = {.squared = met.squared, .noise = 1, .taken = true};
      memcpy(lesson.error, met.error, sizeof met.error);
      float moved[VALUES] = {0};
      bool beyond = met.surprise > met.limit;
      if (head->waiting) {
        head->waiting = fade(&head->claims, number[FADED]);
        if (info) hedge(&head->claims, cue, moved);
      }
      if (info)
        for (int j = 0; j < VALUES; j++) info->innovation[j] = met.error[j] - moved[j];
      if (beyond) {
        shaken(head, &met, &lesson);
        head->waiting = 1;
      } else if (head->waiting) {
        head->experience[1] += disbelieve(&head->claims, &met, number[RETURNING]);
      }
      account(head, &met, &lesson);
      if (info) tell(&met, &lesson, info);
      if (moment) moment->met = met, moment->lesson = lesson, moment->beyond = beyond;

      Writing written = writing(&met, &lesson);
      float scale = lesson.taken ? written.gain : 0, loss = lesson.taken ? written.loss : 0;
      float root = sqrtf(fabsf(loss)), gain[KEYS], lost[KEYS];
      for (int i = 0; i < KEYS; i++) gain[i] = scale * met.covered[i], lost[i] = root * met.covered[i];
      pass(now, then, pace, loss < 0 ? -1 : 1, gain, lost, lesson.error, next, asked, &found);
    } else {
      if (info) ignore(info);
      pass(now, then, still, 1, nothing, nothing, nothing, next, asked, &found);
    }
    good = query && sane(query, KEYS, number[LIMIT]);
    if (moment) moment->asked = good;
    if (read) {
      if (good && head->leans) add_prior(head, query, found.read);
      if (good && head->waiting) hedge(&head->claims, query, found.read);
      for (int j = 0; j < VALUES; j++) read[j] = good ? found.read[j] : 0;
      read += events.stride * VALUES;
    }
    if (info) {
      info->innovation += events.stride * VALUES;
      info->surprise++, info->surprisal++, info->information++, info->written++;
      info->quarantined++, info->confirmed++, info->ignored++;
    }
    cue += events.stride * KEYS, value += events.stride * VALUES;
    if (query) query += events.stride * KEYS;
  }
  if (moments) keep(head, false, moments + time);
}
