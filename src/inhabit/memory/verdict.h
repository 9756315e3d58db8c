/* What a surprise teaches (lesson.py, `shaken`): a head sets it against every account. NUMBERS are in the order that
   kernel.py names. */

#include "claims.h"

enum { NUMBERS, ALL_NUMBERS };

/* `mean` is less the prior while a head lives. */
typedef struct {
  float *mean, *covariance;
} Belief;

/* A head as it lives. */
typedef struct {
  const float *number, *prior;
  float *experience, *noise, *weight;
  Belief belief;
  Claims claims;
  bool leans;
  int waiting;
} Head;

/* A surprise set against every account of it, and what follows. */
typedef struct {
  float loud, foreseen, alone, towards, reach, doubt, share, pooled[VALUES];
  int slot, place;
  bool recalled, turns, heard;
} Verdict;

/* What the belief is to take in. */
typedef struct {
  float error[VALUES], squared, noise, change;
  bool taken, confirmed;
} Lesson;

/* Judges a surprise. `gone` is told which claims it clears away, `told` its evidence. */
static Verdict judge(const Head *head, const Meeting *met, float *told, bool *gone) {
  const float *number = head->number, once = number[ONCE]; /* of all surprises so far, one's worth */
  const Claims *claims = &head->claims;
  Verdict verdict = {.foreseen = NOWHERE, .share = 1};
  evidence(claims, met, told);
  float anew = log_likelihood(met->squared, met->noise * (met->spread + met->blank));
  verdict.loud = fminf(log_likelihood(met->squared, outlying(met)) - anew, LOUDEST);
  verdict.alone = log1pf(head->experience[0] * once) - log1pf(head->experience[1] * once) - number[CONVICTION] -
                  verdict.loud;
  for (int s = 0; s < claims->slots; s++) {
    if (!(claims->weights[s] > 0)) continue;
    float odds = claims->odds[s] + (claims->former[s] ? told[s] : fminf(told[s], number[REPEATED]));
    if (odds > verdict.foreseen) verdict.foreseen = odds, verdict.slot = s;
  }
  int slot = verdict.slot;
  verdict.recalled = verdict.foreseen > verdict.alone;
  verdict.towards = fmaxf(verdict.foreseen, verdict.alone);
  verdict.turns = verdict.towards > 0;
  verdict.heard = verdict.recalled && told[slot] > SURE_ENOUGH;
  if (verdict.recalled) {
    verdict.doubt = claims->spreads[slot] / fmaxf(claims->weights[slot], LEAST);
    verdict.share = verdict.doubt / (verdict.doubt + 1);
    verdict.reach = reach_of(claims, slot, met->cue);
  }
  memcpy(verdict.pooled, met->error, sizeof met->error);
  if (verdict.recalled)
    for (int j = 0; j < VALUES; j++) {
      float said = verdict.reach * claims->errors[slot * VALUES + j];
      verdict.pooled[j] = said + verdict.share * (met->error[j] - said);
    }
  float order[claims->slots];
  for (int s = 0; s < claims->slots; s++) {
    gone[s] = verdict.turns ? same_cue(claims, s, met->cue) : refuted(claims, s, told[s]);
    order[s] = !gone[s] || !(claims->weights[s] > 0) ? claims->weights[s] : verdict.turns ? -1 : 0;
  }
  bool there = verdict.turns ? verdict.recalled : verdict.heard;
  verdict.place = there ? slot : lightest(order, claims->slots);
  return verdict;
}

static void shaken(Head *head, const Meeting *met, Lesson *lesson) {
  Claims *claims = &head->claims;
  const float *number = head->number;
  float told[claims->slots], open = met->open;
  bool gone[claims->slots];
  Verdict verdict = judge(head, met, told, gone);
  bool was = verdict.recalled && claims->former[verdict.slot];
  for (int s = 0; s < claims->slots; s++)
    if (gone[s]) claims->weights[s] = 0;

  if (verdict.turns) { /* the belief turns, and what was believed waits in its stead */
    *lesson = (Lesson){.noise = fmaxf(verdict.share, SLIGHT), .change = fmaxf(met->blank - open, 0), .taken = true,
                       .confirmed = true};
    memcpy(lesson->error, verdict.pooled, sizeof verdict.pooled);
    float wide = open + lesson->change;
    head->experience[was] += verdict.recalled;
    put(claims, verdict.place, met, verdict.pooled, -wide / (wide + lesson->noise), fmaxf(open, SLIGHT),
        fmaxf(-verdict.towards, number[RETURNING]), true);
  } else { /* it waits itself */
    lesson->taken = false;
    for (int s = 0; s < claims->slots; s++) head->experience[1] += gone[s];
    head->experience[1] += verdict.loud > SURE_ENOUGH;
    if (verdict.heard)
      put(claims, verdict.place, met, verdict.pooled, 1, verdict.share, verdict.foreseen, was);
    else
      put(claims, verdict.place, met, met->error, 1, number[INFLATION], verdict.alone, false);
  }
  lesson->squared = dot(lesson->error, lesson->error, VALUES);
}
