/**
 * Updating join: left joins and joins over retracting input, done at the commit in the order of the rows.
 *
 * How      1. During the cycle the changes of both inputs are collected on the host.
 *          2. At the commit they are sorted by triple, left before right, and taken in runs of one side: a run
 *             probes the other table, is then applied to its own, and every output stands at the triple of the later
 *             row.
 *          3. Left joins keep (a, NULL) while a has no partner: it goes when the first comes and returns when the
 *             last goes.
 *          4. Outputs of equal row and triple cancel before they leave.
 * Contract 1 (checked by the golden scripts) the output is that of row-at-a-time processing.
 * Cost     some µs per change: rows pass through the host. The state is that of the streaming form.
 */
import type { JoinTable } from '../../cuboid/index.ts'
import type { Field } from '../../data/index.ts'
import type { Kernels, VectorBatch } from '../../kernel/index.ts'
import { contributionsOf, loadContributions } from '../batch.ts'
import { partitionBuckets } from '../bucket.ts'
import { type Contribution, cancelAtOnce, compareTriples } from '../changes.ts'
import type { Environment, Push } from '../stage.ts'
import {
  type JoinCore,
  type JoinPlan,
  keysOf,
  matchedRows,
  residualFilter,
  type Side,
  storedRows,
} from './join.ts'

/** Changes pushed downstream at once. */
const pushRowsMax = 1024

interface Pending extends Contribution {
  port: 0 | 1
}

export function updatingJoin(
  plan: JoinPlan,
  environment: Environment,
  sides: readonly [Side, Side],
  tables: JoinTable[][],
  push: Push,
): JoinCore {
  const fields = [plan.left.output, plan.right.output] as const
  const output = [...plan.left.output, ...plan.right.output]
  const residual = residualFilter(plan, environment)
  const pending: Pending[][] = environment.fragments.map(() => [])
  const nothing = plan.right.output.map(() => null)

  /** Pairs of `changes` of one side with the other side's table, as contributions. */
  const pairs = (fragment: number, port: 0 | 1, changes: readonly Contribution[]) => {
    const kernels = environment.fragments[fragment]!
    const other = (1 - port) as 0 | 1
    const stored = { side: sides[other], table: tables[fragment]![other]! }
    const found: { of: Contribution; pair: Contribution }[] = []
    inBuckets(kernels, sides[port], fields[port], changes, (end, rows, part) => {
      const keys = keysOf(kernels, sides[port], rows)
      stored.table.probe(end, keys, pushRowsMax, (matches) => {
        const matched = matchedRows(kernels, port, rows, stored, matches)
        const numbered = { ...matched, columns: matched.columns }
        const probes = kernels.arena.views.u32.slice(
          matches.probe >>> 2,
          (matches.probe >>> 2) + matches.count,
        )
        // The residual drops pairs: carry each pair's probe row through it as its weight.
        const weights = kernels.arena.scratch(matches.count * 4)
        kernels.arena.views.u32.set(probes, weights >>> 2)
        const kept = residual(fragment, { ...numbered, weights })
        for (const pair of contributionsOf(kernels, kept, output)) {
          const of = part[pair.weight]!
          found.push({ of, pair: { ...pair, weight: of.weight } })
        }
      })
    })
    return found
  }

  const apply = (fragment: number, port: 0 | 1, changes: readonly Contribution[]) => {
    const kernels = environment.fragments[fragment]!
    const table = tables[fragment]![port]!
    for (const sign of [1, -1]) {
      const part = copies(changes.filter((change) => Math.sign(change.weight) === sign))
      inBuckets(kernels, sides[port], fields[port], part, (end, rows) => {
        const keys = keysOf(kernels, sides[port], rows)
        const stored = storedRows(kernels, sides[port], { ...rows, weights: 0 })
        if (sign > 0) table.insert(end, keys, stored)
        else table.remove(end, keys, stored)
      })
    }
  }

  /** Left rows without a partner. */
  const lonely = (of: Contribution, weight: number): Contribution => ({
    ...of,
    row: [...of.row, ...nothing],
    weight,
  })

  const leftRun = (fragment: number, run: readonly Contribution[]): Contribution[] => {
    const found = pairs(fragment, 0, run)
    const out = found.map(({ pair }) => pair)
    if (plan.join === 'left') {
      const matched = new Set(found.map(({ of }) => of))
      for (const change of run) if (!matched.has(change)) out.push(lonely(change, change.weight))
    }
    apply(fragment, 0, run)
    return out
  }

  const rightRun = (fragment: number, run: readonly Contribution[]): Contribution[] => {
    if (plan.join === 'inner') {
      const out = pairs(fragment, 1, run).map(({ pair }) => pair)
      apply(fragment, 1, run)
      return out
    }
    return run.flatMap((change) => rightChange(fragment, change))
  }

  /** One change of the right side of a left join. */
  const rightChange = (fragment: number, change: Contribution): Contribution[] => {
    const found = pairs(fragment, 1, [change]).map(({ pair }) => pair)
    if (change.weight < 0) apply(fragment, 1, [change])
    const width = plan.left.output.length
    const partners = found.map((pair) => ({ ...pair, row: pair.row.slice(0, width), weight: 1 }))
    // Without a residual all partners have one key, and so the same matches: one of them is asked.
    const alike = plan.residual === null
    const asked = alike ? partners.slice(0, 1) : partners
    const matched = new Set(pairs(fragment, 0, asked).map(({ of }) => of))
    const out = [...found]
    for (const partner of partners) {
      if (alike ? matched.size === 0 : !matched.has(partner))
        out.push(lonely(partner, change.weight > 0 ? -1 : 1))
    }
    if (change.weight > 0) apply(fragment, 1, [change])
    return out
  }

  const commitFragment = (fragment: number) => {
    const changes = pending[fragment]!
    if (changes.length === 0) return
    pending[fragment] = []
    // One-shot statements know all right rows before the first left one: no row is padded and mended again.
    if (environment.mode === 'one-shot') changes.sort((a, b) => b.port - a.port)
    else changes.sort((a, b) => compareTriples(a, b) || a.port - b.port)
    const out: Contribution[] = []
    const { arena } = environment.fragments[fragment]!
    for (let from = 0; from < changes.length; ) {
      const { port } = changes[from]!
      let to = from + 1
      while (to < changes.length && changes[to]!.port === port && to - from < pushRowsMax) to++
      const run = changes.slice(from, to)
      const mark = arena.markScratch()
      // A loop, as a spread of a large result would overflow the stack.
      for (const row of port === 0 ? leftRun(fragment, run) : rightRun(fragment, run)) out.push(row)
      arena.releaseScratch(mark)
      from = to
    }
    emit(fragment, out)
  }

  const emit = (fragment: number, contributions: readonly Contribution[]) => {
    const kernels = environment.fragments[fragment]!
    const rows = copies(cancelAtOnce(contributions).sort(compareTriples))
    for (let from = 0; from < rows.length; from += pushRowsMax) {
      const mark = kernels.arena.markScratch()
      push(fragment, loadContributions(kernels, rows.slice(from, from + pushRowsMax), output))
      kernels.arena.releaseScratch(mark)
    }
  }

  return {
    push(fragment, port, batch) {
      const kernels = environment.fragments[fragment]!
      const keys = port === 0 ? plan.leftKeys : plan.rightKeys
      for (const contribution of contributionsOf(kernels, batch, fields[port])) {
        const matchable = keys.every((column) => contribution.row[column] !== null)
        if (matchable || (port === 0 && plan.join === 'left')) {
          pending[fragment]!.push({ ...contribution, port })
        }
      }
    },
    stepEnd() {},
    flush() {
      environment.fragments.forEach((_, fragment) => {
        commitFragment(fragment)
      })
    },
  }
}

/** Contributions of weight ±n as n of weight ±1. */
function copies(contributions: readonly Contribution[]): Contribution[] {
  return contributions.flatMap((contribution) =>
    Array.from({ length: Math.abs(contribution.weight) }, () => ({
      ...contribution,
      weight: Math.sign(contribution.weight),
    })),
  )
}

/** Loads rows in chunks, bucket by bucket; `part` are the contributions of the rows handed over. */
function inBuckets(
  kernels: Kernels,
  side: Side,
  fields: readonly Field[],
  changes: readonly Contribution[],
  sink: (end: bigint, rows: VectorBatch, part: readonly Contribution[]) => void,
): void {
  for (let from = 0; from < changes.length; from += pushRowsMax) {
    const part = changes.slice(from, from + pushRowsMax)
    const mark = kernels.arena.markScratch()
    const rows = loadContributions(kernels, part, fields)
    // The number of each row travels as its weight, so that a row still knows its contribution after the split.
    const { i32 } = kernels.arena.views
    part.forEach((_, row) => {
      i32[(rows.weights >>> 2) + row] = row
    })
    partitionBuckets(kernels, rows, side.bucket, (end, bucketRows) => {
      const numbers = kernels.arena.views.i32.slice(
        bucketRows.weights >>> 2,
        (bucketRows.weights >>> 2) + bucketRows.rows,
      )
      sink(
        end,
        bucketRows,
        Array.from(numbers, (number) => part[number]!),
      )
    })
    kernels.arena.releaseScratch(mark)
  }
}
