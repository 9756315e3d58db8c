/* How XLA calls: buffers of a call, and lives of heads in them. kernel.py names the orders of what passes by macros. */

#include <stdlib.h>

#include "xla/ffi/api/c_api.h"

/* Whether XLA only asks for which of its versions this was built; then that is told. */
static bool only_asked(XLA_FFI_CallFrame *frame) {
  XLA_FFI_Metadata_Extension *asked = (void *)frame->extension_start; /* its base has two names in two versions */
  if (!asked || asked->extension_base.type != XLA_FFI_Extension_Metadata) return false;
  XLA_FFI_Api_Version *version = &asked->metadata->api_version;
  version->major_version = XLA_FFI_API_MAJOR, version->minor_version = XLA_FFI_API_MINOR;
  return true;
}

static XLA_FFI_Error *out_of_memory(XLA_FFI_CallFrame *frame) {
  XLA_FFI_Error_Create_Args told = {.struct_size = XLA_FFI_Error_Create_Args_STRUCT_SIZE,
                                    .message = "no memory is left for the moments of a memory's segment",
                                    .errc = XLA_FFI_Error_Code_RESOURCE_EXHAUSTED};
  return frame->api->XLA_FFI_Error_Create(&told);
}

/* How many lives of how many heads, of how many events and slots. */
typedef struct {
  long lives, heads, time, slots, segments;
} Extent;

static Extent extent_of(const XLA_FFI_Buffer *cues, const XLA_FFI_Buffer *weights) {
  Extent extent = {.lives = 1, .heads = cues->dims[cues->rank - 3], .time = cues->dims[cues->rank - 2]};
  for (int axis = 0; axis < cues->rank - 3; axis++) extent.lives *= cues->dims[axis];
  extent.slots = weights->dims[weights->rank - 1];
  extent.segments = (extent.time + SEGMENT - 1) / SEGMENT;
  return extent;
}

/* Events lie life by life, then by time, then by head; all else head by head. */
static long first_event(Extent extent, long n) {
  return n / extent.heads * extent.time * extent.heads + n % extent.heads;
}

static void *buffer(void **list, int at, long offset, size_t size) {
  return (char *)((XLA_FFI_Buffer *)list[at])->data + offset * size;
}

static int rank(void **list, int at) { return ((XLA_FFI_Buffer *)list[at])->rank; }

#define ROWS(list, name, width) (float *)buffer(list, name, event * (width), sizeof(float))
#define HEAD(list, name, size) (float *)buffer(list, name, n * (size), sizeof(float))
#define FLAG(list, name, size) (bool *)buffer(list, name, n * (size), sizeof(bool))

/* What is written in place, or into a copy. */
static void *kept(const void *before, void *after, size_t size) {
  return before == after ? after : memcpy(after, before, size);
}

#define KEPT(name, size) kept(HEAD(in, IN_##name, size), HEAD(out, OUT_##name, size), (size) * sizeof(float))

/* The claims of a head, in numbers. */
#define KEPT_CLAIMS                                                                                                    \
  .cues = KEPT(WAITING_CUES, slots * KEYS), .directions = KEPT(DIRECTIONS, slots * KEYS),                              \
  .errors = KEPT(ERRORS, slots * VALUES), .spreads = KEPT(SPREADS, slots), .weights = KEPT(WEIGHTS, slots),            \
  .odds = KEPT(ODDS, slots), .slots = slots

/* What happens to a head from `event` on. */
#define HAPPENING                                                                                                      \
  {ROWS(in, IN_CUES, KEYS), ROWS(in, IN_VALUES, VALUES), reads ? ROWS(in, IN_QUERIES, KEYS) : NULL, extent.heads}

/* A head at the beginning of a segment, one field after another. */
static size_t checkpoint_size(int slots) { return KEYS * (KEYS + VALUES) + claims_size(slots) + 4; }

static void mark(const Head *head, float *row) {
  memcpy(row, head->belief.mean, KEYS * VALUES * sizeof(float)), row += KEYS * VALUES;
  memcpy(row, head->belief.covariance, KEYS * KEYS * sizeof(float)), row += KEYS * KEYS;
  Claims claims = claims_in(row, head->claims.slots);
  copy_claims(&claims, &head->claims), row += claims_size(claims.slots);
  row[0] = head->experience[0], row[1] = head->experience[1], row[2] = *head->noise, row[3] = *head->weight;
}

/* A head that lives in such a row. */
static Head head_in(float *row, int slots, const float *number, const float *prior) {
  Head head = {.number = number, .prior = prior, .belief = {.mean = row, .covariance = row + KEYS * VALUES}};
  float *rest = row + KEYS * (KEYS + VALUES);
  head.claims = claims_in(rest, slots);
  head.experience = rest + claims_size(slots);
  head.noise = head.experience + 2, head.weight = head.experience + 3;
  for (int i = 0; i < KEYS * VALUES; i++) head.leans |= prior[i] != 0;
  return head;
}
