/* The surprise memory lives: a call from XLA takes many events of many heads, one after another (event.h).

   kernel.py compiles this and names, by macros, the orders of what passes between them: NUMBERS of a head, ARGUMENTS
   and RESULTS of a call. */

#include "event.h"

#include "call.h"

enum { ARGUMENTS };
enum { RESULTS };

XLA_FFI_Error *inhabit_live(XLA_FFI_CallFrame *frame) {
  if (only_asked(frame)) return NULL;
  void **in = frame->args.args, **out = frame->rets.rets;
  const Extent extent = extent_of(in[IN_CUES], in[IN_WEIGHTS]);
  const long slots = extent.slots, time = extent.time;
  const size_t size = checkpoint_size(slots);
  const bool reads = rank(in, IN_QUERIES) == rank(in, IN_CUES), marks = rank(out, OUT_CHECKPOINTS) > rank(in, IN_NOISE);

  for (long n = 0; n < extent.lives * extent.heads; n++) {
    long event = first_event(extent, n);
    Head head = {
        .number = HEAD(in, IN_NUMBERS, ALL_NUMBERS),
        .prior = HEAD(in, IN_PRIOR, KEYS * VALUES),
        .belief = {KEPT(MEAN, KEYS * VALUES), KEPT(COVARIANCE, KEYS * KEYS)},
        .experience = KEPT(EXPERIENCE, 2),
        .noise = KEPT(NOISE, 1),
        .weight = KEPT(WEIGHT, 1),
        .claims = {KEPT_CLAIMS,
                   .former = kept(FLAG(in, IN_FORMER, slots), FLAG(out, OUT_FORMER, slots), slots * sizeof(bool))},
    };
    for (int i = 0; i < KEYS * VALUES; i++) {
      head.leans |= head.prior[i] != 0;
      head.belief.mean[i] -= head.prior[i];
    }
    Info info = {
        .innovation = ROWS(out, OUT_INNOVATION, VALUES),
        .surprise = HEAD(out, OUT_SURPRISE, time),
        .surprisal = HEAD(out, OUT_SURPRISAL, time),
        .information = HEAD(out, OUT_INFORMATION, time),
        .written = HEAD(out, OUT_WRITTEN, time),
        .quarantined = FLAG(out, OUT_QUARANTINED, time),
        .confirmed = FLAG(out, OUT_CONFIRMED, time),
        .ignored = FLAG(out, OUT_IGNORED, time),
    };
    const long length = marks ? SEGMENT : time;
    for (long first = 0; first < time; first += length, event += length * extent.heads) {
      Events events = HAPPENING;
      if (marks) mark(&head, HEAD(out, OUT_CHECKPOINTS, extent.segments * size) + first / SEGMENT * size);
      live(&head, events, first + length < time ? length : time - first, &info,
           reads ? ROWS(out, OUT_READ, VALUES) : NULL, NULL);
    }
    for (int i = 0; i < KEYS * VALUES; i++) head.belief.mean[i] += head.prior[i];
  }
  return NULL;
}
