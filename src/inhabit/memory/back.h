/* One event taken back: what its parts weigh in the end, given what all after it do.

   What a result weighs, its cotangent, is called by the name of that result. Decisions, evidence and loudness are taken
   as they fell, except that what was taken in bends towards the gate, and what was agreed towards the odds, by their
   sigmoids: so say encounter.py and lesson.py, whose gradients these are. */

#include "sweep.h"

/* Cotangents of what an event told, where they are wanted. */
typedef struct {
  const float *innovation, *surprise, *surprisal, *information, *written;
} Told;

/* Cotangents of an event's parts. `taught`, `noise` and `change` are of its lesson, `wide` of what is open with the
   change, `taken` and `agreed` of the shares that were taken in and agreed with. */
typedef struct {
  float cue[KEYS], covered[KEYS], error[VALUES], taught[VALUES], pooled[VALUES];
  float open, squared, blank, surprise, limit, noise, change, wide, taken, agreed, share, foreseen, alone, towards;
} Event;

static float sigmoid_slope(float x) {
  float share = 1 / (1 + expf(-x));
  return share * (1 - share);
}

/* ---- the belief ---- */

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
