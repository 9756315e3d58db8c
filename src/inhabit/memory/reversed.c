/* The surprise memory's gradient: a call from XLA takes the events of a life from the last to the first.

   A segment of events is lived again from its checkpoint, each as a `Moment`; then they are taken back one by one. What
   a result weighs in the end, its cotangent, is called by the name of that result. Decisions, evidence and loudness are
   taken as they fell, except that what was taken in bends towards the gate, and what was agreed towards the odds, by
   their sigmoids: so say encounter.py and lesson.py, whose gradients these are. */

#include "call.h"

enum { ARGUMENTS };
enum { RESULTS };

/* Cotangents of a head, at the time to which they were taken back; `trace` is the covariance's. */
typedef struct {
  float *mean, *covariance, *experience, *noise, *weight, *number, *prior, trace;
  Claims claims;
} Back;

/* Cotangents of what an event told, where they are wanted. */
typedef struct {
  const float *innovation, *surprise, *surprisal, *information, *written;
} Told;

/* Cotangents of an event's parts. `taught`, `noise` and `change` are of its lesson, `wide` of what is open with the
   change, `scale` and `agreed` of the shares that were taken in and agreed with. */
typedef struct {
  float cue[KEYS], covered[KEYS], error[VALUES], taught[VALUES], pooled[VALUES];
  float open, squared, blank, surprise, limit, noise, change, wide, taken, agreed, share, foreseen, alone, towards;
} Event;

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

static float sigmoid_slope(float x) {
  float share = 1 / (1 + expf(-x));
  return share * (1 - share);
}

/* ---- the belief ---- */

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

static void back_write(const Meeting *met, const Lesson *lesson, const Swept *swept, Event *of) {
  const float *covered = met->covered;
  float open = met->open, wide = open + lesson->change, total = wide + lesson->noise;
  float noise = lesson->noise, change = lesson->change, tiny = fmaxf(wide, LEAST), over = noise / tiny;
  Writing written = writing(met, lesson);
  float scale = lesson->taken * written.gain, within = lesson->taken * written.noise;
  float loss = scale * (2 - (open + within) * scale);

  float of_loss = -dot(covered, swept->covered, KEYS), of_within = -of_loss * scale * scale;
  float of_scale = dot(swept->pulled, lesson->error, VALUES) + 2 * of_loss * (1 - (open + within) * scale);
  for (int i = 0; i < KEYS; i++) of->covered[i] += scale * swept->raised[i] - 2 * loss * swept->covered[i];
  add(of->taught, scale, swept->pulled, VALUES);
  of->taken += of_within * written.noise + of_scale * written.gain;
  of->open += of_within;
  of->noise += of_within * lesson->taken * (1 + 2 * change * over / tiny) - of_scale * scale / total;
  of->change += of_within * lesson->taken * over * over;
  of->wide -= of_scale * scale / total;
  if (wide > LEAST) of->wide -= 2 * of_within * lesson->taken * change * over * over / tiny;
  if (change > 0) {
    float most = fmaxf(open, LEAST);
    of->wide += of_scale * lesson->taken / (most * total);
    if (open > LEAST) of->open -= of_scale * scale / most;
  }
}

/* ---- what was told of it, and the running noise ---- */

static void back_tell(const Meeting *met, const Lesson *lesson, Told told, Back *back, Event *of) {
  float open = met->open, wide = open + lesson->change, total = wide + lesson->noise, noise = met->noise;
  of->surprise += *told.surprise;
  of->squared += 0.5f * *told.surprisal / (noise * met->spread);
  float left = 0.5f * *told.surprisal * VALUES * (1 - met->surprise);
  *back->noise += left / noise;
  of->open += left / met->spread;
  add(of->error, 1, told.innovation, VALUES);
  if (*told.information == 0 && *told.written == 0) return;
  float nats = 0.5f * *told.information * lesson->taken, moved = lesson->squared / (noise * total * total);
  of->taken += 0.5f * *told.information * (VALUES * (logf(total / lesson->noise) - wide / total) + moved * wide);
  of->wide += nats * (VALUES * wide / (total * total) + moved * (lesson->noise - wide) / total);
  of->noise += nats * (VALUES * (wide / total - wide / lesson->noise) - 2 * moved * wide) / total;
  *back->noise -= nats * moved * wide / noise;
  add(of->taught, 2 * nats * wide / (noise * total * total), lesson->error, VALUES);
  float written = *told.written * lesson->taken / (total * total);
  of->taken += *told.written * wide / total;
  of->wide += written * lesson->noise;
  of->noise -= written * wide;
}

static void back_account(const Head *head, const Moment *moment, Back *back, Event *of) {
  const Meeting *met = &moment->met;
  float keep = head->number[KEEP], before = keep * moment->weight, count = worth(met, &moment->lesson);
  float after = before + count, was_seen = seen(met), noise = (before * met->noise + count * was_seen) / after;
  float of_sum = noise > LEAST ? *back->noise / after : 0, of_weight = *back->weight - of_sum * noise;
  float of_before = of_weight + of_sum * met->noise, of_count = of_weight + of_sum * was_seen;
  *back->noise = of_sum * (before + count * fminf(met->surprise, met->limit));
  *back->weight = keep * of_before;
  back->number[KEEP] += of_before * moment->weight;
  if (met->surprise < met->limit)
    of->surprise += of_sum * count * met->noise;
  else
    of->limit += of_sum * count * met->noise;
  of->open -= of_count * count / met->spread;
  of->agreed -= of_count * VALUES / met->spread;
}

/* ---- what waits ---- */

static void back_hedge(const Claims *claims, const float *cue, const float *of_moved, Claims *back, float *of_cue) {
  float share[claims->slots], held[claims->slots], reach[claims->slots], against[claims->slots], all = 1, mean = 0;
  for (int s = 0; s < claims->slots; s++) {
    if (!(claims->weights[s] > 0)) continue;
    reach[s] = reach_of(claims, s, cue), held[s] = held_at(claims, s, reach[s]);
    against[s] = dot(claims->errors + s * VALUES, of_moved, VALUES);
    all += held[s];
  }
  for (int s = 0; s < claims->slots; s++)
    if (claims->weights[s] > 0) share[s] = held[s] / all, mean += share[s] * reach[s] * against[s];
  for (int s = 0; s < claims->slots; s++) {
    if (!(claims->weights[s] > 0)) continue;
    float of_held = (reach[s] * against[s] - mean) / all, of_reach = share[s] * against[s];
    if (reach[s] * reach[s] < 1) of_reach += 2 * of_held * reach[s] * expf(fminf(claims->odds[s], 0));
    if (claims->odds[s] < 0) back->odds[s] += of_held * held[s];
    add(back->errors + s * VALUES, share[s] * reach[s], of_moved, VALUES);
    add(back->directions + s * KEYS, of_reach, cue, KEYS);
    add(of_cue, of_reach, claims->directions + s * KEYS, KEYS);
  }
}

static void back_fade(const Claims *faded, float keep, Back *back) {
  for (int s = 0; s < faded->slots; s++) {
    float of = faded->weights[s] > 0 ? back->claims.weights[s] : 0;
    back->number[FADED] += of * faded->weights[s] / keep;
    back->claims.weights[s] = keep * of;
  }
}

static void back_disbelieve(const Claims *claims, const Meeting *met, float returning, Back *back) {
  float told[claims->slots];
  evidence(claims, met, told);
  for (int s = 0; s < claims->slots; s++) {
    if (claims->former[s] && claims->weights[s] > 0 && claims->odds[s] + fminf(told[s], 0) < returning) {
      back->number[RETURNING] += back->claims.odds[s];
      back->claims.odds[s] = 0;
    }
    if (refuted(claims, s, told[s])) back->claims.weights[s] = 0;
  }
}

/* What was put into a slot was made of the event. */
static void back_put(const Head *head, const Moment *moment, const Verdict *verdict, const bool *gone, Back *back,
                     Event *of) {
  const Meeting *met = &moment->met;
  const Lesson *lesson = &moment->lesson;
  Claims *claims = &back->claims;
  int s = verdict->place;
  float open = met->open, most = fmaxf(open, LEAST), *number = back->number;
  float *cues = claims->cues + s * KEYS, *directions = claims->directions + s * KEYS;
  float *errors = claims->errors + s * VALUES;
  add(of->cue, 1, cues, KEYS);
  add(of->covered, 1 / most, directions, KEYS);
  if (open > LEAST) of->open -= dot(directions, met->covered, KEYS) / (most * most);
  if (verdict->turns) {
    float wide = open + lesson->change, total = wide + lesson->noise;
    float of_share = dot(lesson->error, errors, VALUES) / (total * total);
    add(of->taught, -wide / total, errors, VALUES);
    of->wide -= of_share * lesson->noise, of->noise += of_share * wide;
    if (open > SLIGHT) of->open += claims->spreads[s];
    if (-verdict->towards > head->number[RETURNING])
      of->towards -= claims->odds[s];
    else
      number[RETURNING] += claims->odds[s];
  } else if (verdict->heard) {
    add(of->pooled, 1, errors, VALUES);
    of->share += claims->spreads[s], of->foreseen += claims->odds[s];
  } else {
    add(of->error, 1, errors, VALUES);
    number[INFLATION] += claims->spreads[s], of->alone += claims->odds[s];
  }
  memset(cues, 0, KEYS * sizeof(float)), memset(directions, 0, KEYS * sizeof(float));
  memset(errors, 0, VALUES * sizeof(float));
  claims->spreads[s] = claims->weights[s] = claims->odds[s] = 0;
  for (int other = 0; other < claims->slots; other++)
    if (gone[other]) claims->weights[other] = 0;
}

/* What was agreed with, pooled, and held against each other. */
static void back_judge(const Head *head, const Moment *moment, const Verdict *verdict, const float *told, Back *back,
                       Event *of) {
  const Meeting *met = &moment->met;
  const Claims *claims = &head->claims;
  float *number = back->number, unmet = met->blank - met->open;
  of->agreed += of->noise * (fmaxf(verdict->share, SLIGHT) - 1) + of->change * fmaxf(unmet, 0);
  for (int j = 0; j < VALUES; j++) of->agreed += of->taught[j] * (verdict->pooled[j] - met->error[j]);
  add(verdict->turns ? of->pooled : of->error, 1, of->taught, VALUES);
  if (verdict->turns && verdict->share > SLIGHT) of->share += of->noise;
  if (verdict->turns && unmet > 0) of->blank += of->change, of->open -= of->change;
  of->towards += of->agreed * sigmoid_slope(verdict->towards);
  *(verdict->recalled ? &of->foreseen : &of->alone) += of->towards;
  add(of->error, verdict->share, of->pooled, VALUES);

  if (verdict->recalled) {
    int s = verdict->slot;
    float weight = fmaxf(claims->weights[s], LEAST), odds = verdict->doubt + 1, of_reach = 0;
    const float *errors = claims->errors + s * VALUES;
    for (int j = 0; j < VALUES; j++) {
      of->share += of->pooled[j] * (met->error[j] - verdict->reach * errors[j]);
      of_reach += (1 - verdict->share) * of->pooled[j] * errors[j];
    }
    add(back->claims.errors + s * VALUES, (1 - verdict->share) * verdict->reach, of->pooled, VALUES);
    add(back->claims.directions + s * KEYS, of_reach, met->cue, KEYS);
    add(of->cue, of_reach, claims->directions + s * KEYS, KEYS);
    float of_doubt = of->share / (odds * odds);
    back->claims.spreads[s] += of_doubt / weight, back->claims.weights[s] -= of_doubt * verdict->doubt / weight;
    back->claims.odds[s] += of->foreseen;
    if (!claims->former[s] && told[s] > head->number[REPEATED]) number[REPEATED] += of->foreseen;
  }
  float once = head->number[ONCE], changes = head->experience[0], outliers = head->experience[1];
  back->experience[0] += of->alone * once / (1 + changes * once);
  back->experience[1] -= of->alone * once / (1 + outliers * once);
  number[ONCE] += of->alone * (changes / (1 + changes * once) - outliers / (1 + outliers * once));
  number[CONVICTION] -= of->alone;
}

/* ---- one event ---- */

/* The event as it was met, but for what only a sweep over the belief can say. */
static void back_meet(const Head *head, const Meeting *met, Back *back, Event *of) {
  const float *number = head->number;
  float open = met->open, little = unknown(met), most = fmaxf(met->blank, LEAST);
  back->number[ADMITTED] += of->limit * (1 + number[SLACK] * little);
  back->number[SLACK] += of->limit * number[ADMITTED] * little;
  float of_little = of->limit * number[ADMITTED] * number[SLACK];
  of->open += of_little * (2 * open / (met->spread * most) - little / met->spread);
  if (met->blank > LEAST) of->blank -= of_little * little / most;

  of->squared += of->surprise / (VALUES * met->noise * met->spread);
  *back->noise -= of->surprise * met->surprise / met->noise;
  of->open -= of->surprise * met->surprise / met->spread;
  back->number[VARIANCE] += of->blank * dot(met->cue, met->cue, KEYS);
  add(of->error, 2 * of->squared, met->error, VALUES);
  add(of->covered, of->open, met->cue, KEYS);
  add(of->cue, of->open, met->covered, KEYS);
  add(of->cue, 2 * of->blank * number[VARIANCE], met->cue, KEYS);
}

/* Takes an event back, as far as that goes without the belief; `swept` is of the cotangents after it. */
static void back_event(const Head *head, Moment *moment, Told told, const Swept *swept, Back *back, Event *of) {
  const Meeting *met = &moment->met;
  const int slots = head->claims.slots;
  float weights[slots], known[slots];
  bool gone[slots];
  Head then = {.number = head->number, .experience = moment->experience, .claims = moment->claims};
  then.claims.weights = memcpy(weights, moment->claims.weights, sizeof weights);
  bool waits = moment->waits && fade(&then.claims, head->number[FADED]);
  Verdict verdict;
  memset(of, 0, sizeof *of);
  if (moment->beyond) {
    verdict = judge(&then, met, known, gone);
    back_put(&then, moment, &verdict, gone, back, of);
  } else if (waits) {
    back_disbelieve(&then.claims, met, head->number[RETURNING], back);
  }
  back_account(&then, moment, back, of);
  back_tell(met, &moment->lesson, told, back, of);
  back_write(met, &moment->lesson, swept, of);
  of->open += of->wide, of->change += of->wide;

  /* Where the gate refused and nothing was agreed, both are as far from having been taken in, and share. */
  float to_gate = !moment->beyond ? 1 : moment->lesson.confirmed ? 0 : 0.5f;
  of->limit += to_gate * of->taken * sigmoid_slope(met->limit - met->surprise);
  of->agreed += (1 - to_gate) * of->taken;
  if (moment->beyond)
    back_judge(&then, moment, &verdict, known, back, of);
  else
    add(of->error, 1, of->taught, VALUES);
  if (waits) {
    float of_moved[VALUES];
    for (int j = 0; j < VALUES; j++) of_moved[j] = -told.innovation[j];
    back_hedge(&then.claims, met->cue, of_moved, &back->claims, of->cue);
  }
  back_fade(&then.claims, head->number[FADED], back);
  back_meet(&then, met, back, of);
}

/* Of the events of a segment: rows, what they told in the end, and where their cotangents go. */
typedef struct {
  Events events;
  Told told;
  const float *read;
  float *cues, *values, *queries;
} Segment;

/* What was read after an event, whose claims are those before the next. */
static void back_read(const Head *head, const Claims *claims, const float *query, const float *read,
                      const Swept *swept, Back *back, float *of_query) {
  for (int i = 0; i < KEYS; i++) of_query[i] = swept->of_read[i];
  if (head->leans)
    for (int i = 0; i < KEYS; i++) of_query[i] += dot(head->prior + i * VALUES, read, VALUES);
  back_hedge(claims, query, read, &back->claims, of_query);
}

/* A belief is held as its distance to the prior, which so takes part wherever it is met or read: adds what the events
   of a segment, whose cotangents are at hand, make of that. */
static void back_prior(const Head *head, const Moment *moments, Segment segment, long time, float *prior) {
  const long stride = segment.events.stride;
  for (int first = 0; first < KEYS; first += 4) {
    const int count = KEYS - first < 4 ? KEYS - first : 4;
    float sums[4][VALUES] = {0};
    for (long t = 0; t < time; t++) {
      const float *cue = segment.events.cues + t * stride * KEYS, *query = segment.events.queries + t * stride * KEYS;
      for (int r = 0; r < count && moments[t].sane; r++)
        add(sums[r], -cue[first + r], segment.values + t * stride * VALUES, VALUES);
      for (int r = 0; r < count && moments[t].asked; r++)
        add(sums[r], query[first + r], segment.read + t * stride * VALUES, VALUES);
    }
    for (int r = 0; r < count; r++) add(prior + (first + r) * VALUES, 1, sums[r], VALUES);
  }
}

/* Takes a segment back whose moments are at hand. */
static void back_segment(const Head *head, Moment *moments, const Segment segment, long time, Back *back) {
  const Pace pace = pace_of(head), still = {1, 1, 0};
  const long stride = segment.events.stride;
  Event of = {0};
  Swept swept;
  for (long t = time; t >= 0; t--) { /* the event at t is met by what is known of it, and the one before looked up */
    const Moment *moment = moments + t, *before = moment - 1;
    bool here = t < time && moment->sane, there = t > 0 && before->sane, asked = t > 0 && before->asked;
    Aim aim = {.covered = there ? before->met.covered : NOTHING, .error = there ? before->lesson.error : NOTHING,
               .query = asked ? segment.events.queries + (t - 1) * stride * KEYS : NOTHING,
               .read = asked ? segment.read + (t - 1) * stride * VALUES : NOTHING};
    sweep(back, moment, here ? pace : still, here ? moment->met.cue : NOTHING, of.covered, of.error, aim, &swept);
    float *cue = segment.cues + t * stride * KEYS;
    if (here) {
      for (int i = 0; i < KEYS; i++)
        cue[i] = of.cue[i] + pace.kept * swept.of_covariance[i] + pace.fresh * of.covered[i] -
                 pace.keep * swept.of_mean[i];
      if (head->leans)
        for (int i = 0; i < KEYS; i++) cue[i] -= dot(head->prior + i * VALUES, of.error, VALUES);
      back->number[RATE] += swept.along - 2 * head->number[VARIANCE] * back->trace;
      back->number[VARIANCE] += (1 - pace.kept) / pace.kept * back->trace;
    } else if (t < time) {
      memset(cue, 0, KEYS * sizeof(float));
    }
    if (t == 0) break;
    if (segment.queries) {
      float *of_query = segment.queries + (t - 1) * stride * KEYS;
      if (asked)
        back_read(head, &moment->claims, aim.query, aim.read, &swept, back, of_query);
      else
        memset(of_query, 0, KEYS * sizeof(float));
    }
    memset(&of, 0, sizeof of);
    if (there) {
      Told told = segment.told;
      told.innovation += (t - 1) * stride * VALUES;
      told.surprise += t - 1, told.surprisal += t - 1, told.information += t - 1, told.written += t - 1;
      back_event(head, moments + t - 1, told, &swept, back, &of);
    }
    memcpy(segment.values + (t - 1) * stride * VALUES, of.error, VALUES * sizeof(float));
  }
  back_prior(head, moments, segment, time, back->prior);
}

/* ---- the call from XLA ---- */

/* Room for the moments of a segment, and for a head that lives through it; none if there is no memory left. */
static Moment *moments_of(int slots, float **row) {
  const size_t words = claims_size(slots), moments = (SEGMENT + 1) * sizeof(Moment);
  Moment *room = calloc(1, moments + ((SEGMENT + 1) * words + checkpoint_size(slots)) * sizeof(float));
  if (!room) return NULL;
  float *claims = (float *)((char *)room + moments);
  for (int t = 0; t <= SEGMENT; t++) room[t].claims = claims_in(claims + t * words, slots);
  *row = claims + (SEGMENT + 1) * words;
  return room;
}

XLA_FFI_Error *inhabit_reverse(XLA_FFI_CallFrame *frame) {
  if (only_asked(frame)) return NULL;
  void **in = frame->args.args, **out = frame->rets.rets;
  const Extent extent = extent_of(in[IN_CUES], in[IN_WEIGHTS]);
  const long slots = extent.slots, time = extent.time;
  const size_t size = checkpoint_size(slots);
  const bool reads = rank(in, IN_QUERIES) == rank(in, IN_CUES);
  float *row;
  Moment *moments = moments_of(slots, &row);
  if (!moments) return out_of_memory(frame);

  for (long n = 0; n < extent.lives * extent.heads; n++) {
    long event = first_event(extent, n);
    Back back = {
        .mean = KEPT(MEAN, KEYS * VALUES),
        .covariance = KEPT(COVARIANCE, KEYS * KEYS),
        .experience = KEPT(EXPERIENCE, 2),
        .noise = KEPT(NOISE, 1),
        .weight = KEPT(WEIGHT, 1),
        .number = memset(HEAD(out, OUT_NUMBERS, ALL_NUMBERS), 0, ALL_NUMBERS * sizeof(float)),
        .claims = {.cues = KEPT(WAITING_CUES, slots * KEYS),
                   .directions = KEPT(DIRECTIONS, slots * KEYS),
                   .errors = KEPT(ERRORS, slots * VALUES),
                   .spreads = KEPT(SPREADS, slots),
                   .weights = KEPT(WEIGHTS, slots),
                   .odds = KEPT(ODDS, slots),
                   .slots = slots},
    };
    back.prior = memcpy(HEAD(out, OUT_PRIOR, KEYS * VALUES), back.mean, KEYS * VALUES * sizeof(float));
    for (int i = 0; i < KEYS; i++) { /* only its symmetric part tells anything of a covariance */
      for (int j = 0; j < i; j++) {
        float *one = back.covariance + i * KEYS + j, *other = back.covariance + j * KEYS + i;
        *one = *other = 0.5f * (*one + *other);
      }
      back.trace += back.covariance[i * KEYS + i];
    }
    for (long at = extent.segments - 1; at >= 0; at--) {
      long first = at * SEGMENT, length = first + SEGMENT < time ? SEGMENT : time - first;
      memcpy(row, HEAD(in, IN_CHECKPOINTS, extent.segments * size) + at * size, size * sizeof(float));
      Head head = head_in(row, slots, HEAD(in, IN_NUMBERS, ALL_NUMBERS), HEAD(in, IN_PRIOR, KEYS * VALUES));
      long when = event + first * extent.heads;
#define ROWS(list, name, width) (float *)buffer(list, name, when * (width), sizeof(float))
#define TIMES(name) HEAD(in, name, time) + first
      Segment segment = {
          .events = {.cues = ROWS(in, IN_CUES, KEYS),
                     .values = ROWS(in, IN_VALUES, VALUES),
                     .queries = reads ? ROWS(in, IN_QUERIES, KEYS) : NULL,
                     .stride = extent.heads},
          .told = {ROWS(in, IN_INNOVATION, VALUES), TIMES(IN_SURPRISE), TIMES(IN_SURPRISAL), TIMES(IN_INFORMATION),
                   TIMES(IN_WRITTEN)},
          .read = reads ? ROWS(in, IN_READ, VALUES) : NULL,
          .cues = ROWS(out, OUT_CUES, KEYS),
          .values = ROWS(out, OUT_VALUES, VALUES),
          .queries = reads ? ROWS(out, OUT_QUERIES, KEYS) : NULL,
      };
      live(&head, segment.events, length, NULL, NULL, moments);
      back_segment(&head, moments, segment, length, &back);
    }
    add(back.prior, -1, back.mean, KEYS * VALUES);
  }
  free(moments);
  return NULL;
}
