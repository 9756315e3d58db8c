/* The surprise memory's gradient: a call from XLA takes the events of lives back, from the last to the first.

   A segment of events is lived again from its checkpoint, each kept as a `Moment`; then they are taken back one by one. */

#include "back.h"
#include "call.h"

enum { ARGUMENTS };
enum { RESULTS };

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
  const size_t size = moments + ((SEGMENT + 1) * words + checkpoint_size(slots)) * sizeof(float);
  Moment *room = aligned_alloc(LINE, (size + LINE - 1) / LINE * LINE);
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
    Back back = {
        .mean = KEPT(MEAN, KEYS * VALUES),
        .covariance = KEPT(COVARIANCE, KEYS * KEYS),
        .experience = KEPT(EXPERIENCE, 2),
        .noise = KEPT(NOISE, 1),
        .weight = KEPT(WEIGHT, 1),
        .number = memset(HEAD(out, OUT_NUMBERS, ALL_NUMBERS), 0, ALL_NUMBERS * sizeof(float)),
        .claims = {KEPT_CLAIMS},
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
      long event = first_event(extent, n) + first * extent.heads;
#define TIMES(name) HEAD(in, name, time) + first
      Segment segment = {
          .events = HAPPENING,
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
