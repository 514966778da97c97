/* Loop: the questions of `millrace bench kernels` as a C programmer would write them for this one purpose: one pass over the
 * columns, an open-addressing table per open window, nothing materialised. Driven over a pipe: the first line names the case and
 * its sizes, then every line on stdin is one round, answered by "<nanoseconds> <answer...>".
 *
 * The rows are the ones that src/bench/data.ts makes, from the same formulas; the answers must be equal. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t rows, keys, nulls, single, spacing, seeds;
static int64_t *ts, *key, *amount;
static double *price;
static uint8_t *has_key, *has_amount;

/* h of src/bench/data.ts. */
static uint32_t mixed(uint32_t value, uint32_t seed) {
  uint32_t h = value + seed;
  h = (uint32_t)((uint64_t)(h ^ (h >> 16)) * 0x21f0aaadu);
  h = (uint32_t)((uint64_t)(h ^ (h >> 15)) * 0x735a2d97u);
  return h ^ (h >> 15);
}

/* The other stream of a join. */
static int64_t ask_rows, *ask_ts, *ask_key, *ask_amount;
static uint8_t *ask_has_key, *ask_has_amount;

static void make_rows(void) {
  ts = malloc(rows * 8), key = malloc(rows * 8), amount = malloc(rows * 8), price = malloc(rows * 8);
  has_key = malloc(rows), has_amount = malloc(rows);
  for (int64_t i = 0; i < rows; i++) {
    ts[i] = 1000000000000000ll + i * spacing - (int64_t)(mixed(i, seeds + 1) % 1000000u);
    key[i] = mixed(i, seeds + 2) % keys;
    amount[i] = mixed(i, seeds + 3) % 1000000u;
    price[i] = (mixed(i, seeds + 4) % 100000u) / 100.0;
    has_key[i] = !nulls || mixed(i, seeds + 5) % 20 != 0;
    has_amount[i] = !nulls || mixed(i, seeds + 6) % 20 != 0;
    if (!has_key[i]) key[i] = 0;
    if (!has_amount[i]) amount[i] = 0;
  }
}

/* One group: 40 bytes with its key, so that a row touches one cache line. */
struct group { int64_t key, count, sum, most; double total; };
struct pane { int64_t window; uint64_t mask, used; struct group *groups; uint8_t *taken; struct group absent; };

static void pane_clear(struct pane *p, int64_t window) {
  p->window = window, p->used = 0, p->absent = (struct group){0};
  memset(p->taken, 0, p->mask + 1);
}

static void pane_open(struct pane *p, uint64_t size, int64_t window) {
  p->mask = size - 1, p->groups = malloc(size * sizeof(struct group)), p->taken = malloc(size);
  pane_clear(p, window);
}

static void pane_grow(struct pane *p) {
  struct group *old = p->groups;
  uint8_t *taken = p->taken;
  uint64_t size = p->mask + 1, absent = p->used;
  struct group null_group = p->absent;
  pane_open(p, size * 2, p->window);
  p->used = absent, p->absent = null_group;
  for (uint64_t i = 0; i < size; i++) {
    if (!taken[i]) continue;
    uint64_t at = (old[i].key * 0x9e3779b97f4a7c15ull >> 20) & p->mask;
    while (p->taken[at]) at = (at + 1) & p->mask;
    p->taken[at] = 1, p->groups[at] = old[i];
  }
  free(old), free(taken);
}

static inline struct group *pane_find(struct pane *p, int64_t k) {
  uint64_t at = (k * 0x9e3779b97f4a7c15ull >> 20) & p->mask;
  while (p->taken[at]) {
    if (p->groups[at].key == k) return &p->groups[at];
    at = (at + 1) & p->mask;
  }
  if (p->used * 2 > p->mask) {
    pane_grow(p);
    return pane_find(p, k);
  }
  p->used++, p->taken[at] = 1;
  p->groups[at] = (struct group){.key = k, .most = INT64_MIN};
  return &p->groups[at];
}

struct answer { int64_t groups, count, sum, most; double total; };

static void group_fold(struct answer *a, const struct group *g) {
  a->groups++, a->count += g->count, a->sum += g->sum;
  if (g->most > a->most) a->most = g->most;
  if (g->total > a->total) a->total = g->total;
}

static void pane_close(struct pane *p, struct answer *a) {
  for (uint64_t i = 0; i <= p->mask; i++) if (p->taken[i]) group_fold(a, &p->groups[i]);
  if (p->absent.count) group_fold(a, &p->absent);
}

static struct answer windows(void) {
  struct answer a = {.most = INT64_MIN};
  struct pane panes[2];
  /* The first row may be up to a second early: then its window is the one before. */
  int64_t size = single ? INT64_MAX / 2 : 10000000, first = single ? 0 : 1000000000000000ll / size - 1;
  for (int w = 0; w < 2; w++) pane_open(&panes[(first + w) & 1], 1024, first + w);
  for (int64_t i = 0; i < rows; i++) {
    int64_t w = ts[i] / size;
    struct pane *p = &panes[w & 1];
    if (p->window != w) pane_close(p, &a), pane_clear(p, w);
    struct group *g = has_key[i] ? pane_find(p, key[i]) : &p->absent;
    if (g->count == 0) g->most = INT64_MIN;
    g->count++, g->sum += amount[i], g->total += price[i];
    if (has_amount[i] && amount[i] > g->most) g->most = amount[i];
  }
  int64_t older = panes[0].window < panes[1].window ? 0 : 1;
  for (int i = 0; i < 2; i++) {
    struct pane *p = &panes[older ^ i];
    pane_close(p, &a), free(p->groups), free(p->taken);
  }
  return a;
}

/* WHERE price > 380 AND amount < 600000 → key, amount, price * 0.908 */
static struct answer filter_project(int64_t *out_key, int64_t *out_amount, double *out_price) {
  struct answer a = {.most = INT64_MIN};
  for (int64_t from = 0; from < rows; from += 4096) {
    int64_t to = from + 4096 < rows ? from + 4096 : rows, n = 0;
    for (int64_t i = from; i < to; i++) {
      out_key[n] = key[i], out_amount[n] = amount[i], out_price[n] = price[i] * 0.908;
      n += (price[i] > 380) & (amount[i] < 600000) & has_amount[i];
    }
    for (int64_t i = 0; i < n; i++) {
      a.sum += out_amount[i];
      a.groups += out_key[i];
      if (out_price[i] > a.total) a.total = out_price[i];
    }
    a.count += n;
  }
  return a;
}

/* bid JOIN ask on key and window of 10 s: chains of asks by key and window, probed by the bids. */
static struct answer join(void) {
  struct answer a = {.most = INT64_MIN};
  uint64_t size = 1024;
  while (size < (uint64_t)ask_rows * 2) size *= 2;
  uint32_t *head = calloc(size, 4), *next = malloc((ask_rows + 1) * 4);
  #define PLACE(k, w) ((((uint64_t)(k) ^ (uint64_t)(w) << 40) * 0x9e3779b97f4a7c15ull >> 20) & (size - 1))
  for (int64_t i = 0; i < ask_rows; i++) {
    if (!ask_has_key[i]) continue;
    uint64_t at = PLACE(ask_key[i], ask_ts[i] / 10000000);
    next[i + 1] = head[at], head[at] = i + 1;
  }
  for (int64_t i = 0; i < rows; i++) {
    if (!has_key[i]) continue;
    int64_t w = ts[i] / 10000000;
    for (uint32_t j = head[PLACE(key[i], w)]; j; j = next[j]) {
      if (ask_key[j - 1] != key[i] || ask_ts[j - 1] / 10000000 != w) continue;
      a.count++, a.sum += amount[i];
      if (ask_has_amount[j - 1] && ask_amount[j - 1] > a.most) a.most = ask_amount[j - 1];
    }
  }
  free(head), free(next);
  return a;
}

int main(int argc, char **argv) {
  if (argc < 7) return 2;
  rows = atoll(argv[2]), keys = atoll(argv[3]), nulls = atoll(argv[4]), single = atoll(argv[5]), spacing = atoll(argv[6]);
  if (strcmp(argv[1], "join") == 0) {
    /* Asks are made first and put aside. */
    if (argc < 10) return 2;
    int64_t bid_rows = rows, bid_spacing = spacing;
    rows = atoll(argv[7]), spacing = atoll(argv[8]), seeds = atoll(argv[9]);
    make_rows();
    ask_rows = rows, ask_ts = ts, ask_key = key, ask_amount = amount, ask_has_key = has_key, ask_has_amount = has_amount;
    rows = bid_rows, spacing = bid_spacing, seeds = 0;
  }
  make_rows();
  int64_t *a = malloc(4096 * 8), *b = malloc(4096 * 8);
  double *c = malloc(4096 * 8);
  char line[64];
  while (fgets(line, sizeof line, stdin)) {
    struct timespec t0, t1;
    clock_gettime(CLOCK_MONOTONIC, &t0);
    struct answer r = strcmp(argv[1], "filter-project") == 0 ? filter_project(a, b, c)
                      : strcmp(argv[1], "join") == 0         ? join()
                                                             : windows();
    clock_gettime(CLOCK_MONOTONIC, &t1);
    int64_t nanos = (t1.tv_sec - t0.tv_sec) * 1000000000ll + (t1.tv_nsec - t0.tv_nsec);
    printf("%lld %lld %lld %lld %lld %.6f\n", (long long)nanos, (long long)r.groups, (long long)r.count,
           (long long)r.sum, (long long)r.most, r.total);
    fflush(stdout);
  }
  return 0;
}
