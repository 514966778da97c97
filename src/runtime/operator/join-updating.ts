/**
 * Updating join: left joins and joins over retracting input, done at the commit in the order of the rows.
 *
 * How      1. During the cycle the changes of both inputs are collected on the host.
 *          2. At the commit they are sorted by triple, right before left where these are equal. Only changes of one
 *             key meet each other, so they are taken in rounds: in each, a key has changes of one side alone. These
 *             probe the other table, are then applied to their own, and every output stands at the triple of the
 *             change that caused it.
 *          3. Left joins keep (a, NULL) while a has no partner: it goes when the first comes and returns when the
 *             last goes. Full joins do so for both sides; semi joins keep a while it has a partner, anti joins while
 *             it has none. Without a residual the rows of a key are counted; with one every change is asked by itself.
 *          4. Outputs of equal row and triple cancel before they leave.
 * Contract 1 (checked by the golden scripts) the output is that of row-at-a-time processing.
 * Cost     some µs per change: rows pass through the host. The state is that of the streaming form.
 */
import type { JoinMatches, JoinTable } from '../../cuboid/index.ts'
import type { Field } from '../../data/index.ts'
import type { Kernels, Vector, VectorBatch } from '../../kernel/index.ts'
import { contributionsOf, copiesOf, loadContributions, pushContributions } from '../batch.ts'
import { partitionBuckets } from '../bucket.ts'
import { type Contribution, cancelAtOnce, compareTriples, rowKey } from '../changes.ts'
import { HeldRows } from '../held.ts'
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

/** Changes that are looked up at once. */
const pushRowsMax = 1024

interface Pending extends Contribution {
  port: 0 | 1
}

/** A pair with the change that met its partner. */
interface Found {
  of: Contribution
  pair: Contribution
}

export function updatingJoin(
  plan: JoinPlan,
  environment: Environment,
  sides: readonly [Side, Side],
  tables: JoinTable[][],
  push: Push,
): JoinCore {
  const fields = [plan.left.output, plan.right.output] as const
  const width = plan.left.output.length
  const keysAt = [plan.leftKeys, plan.rightKeys] as const
  const output = [...plan.left.output, ...plan.right.output]
  const residual = residualFilter(plan, environment)
  const pending: Pending[][] = environment.fragments.map(() => [])
  const waiting = fields.map((side) => new HeldRows(side))
  /** Sides whose rows are shown by themselves as long as they have a partner, or none. */
  const shown = [plan.join !== 'inner', plan.join === 'full'] as const
  const shownAlone = plan.join !== 'semi'
  const pairsShown = plan.join !== 'semi' && plan.join !== 'anti'
  const nothing = [
    pairsShown ? plan.right.output.map(() => null) : [],
    plan.left.output.map(() => null),
  ] as const

  const numbered: Field[] = [...output, { name: '', type: { kind: 'bigint' }, nullable: false }]

  /** Matches of `changes` of one side in a table, a part at a time. */
  const probe = (
    fragment: number,
    { port, table }: { port: 0 | 1; table: JoinTable },
    changes: readonly Contribution[],
    sink: (matches: JoinMatches, rows: VectorBatch, part: readonly Contribution[]) => void,
  ) => {
    const kernels = environment.fragments[fragment]!
    inBuckets(kernels, sides[port], fields[port], changes, (end, rows, part) => {
      const keys = keysOf(kernels, sides[port], rows)
      table.probe(end, keys, pushRowsMax, (matches) => sink(matches, rows, part))
    })
  }

  /** Pairs of `changes` of one side with the other side's table; failures count once, where a pair is new. */
  const pairs = (
    fragment: number,
    port: 0 | 1,
    changes: readonly Contribution[],
    isNew: boolean,
  ) => {
    const kernels = environment.fragments[fragment]!
    const other = (1 - port) as 0 | 1
    const table = tables[fragment]![other]!
    const stored = { side: sides[other], table }
    const found: Found[] = []
    probe(fragment, { port, table }, changes, (matches, rows, part) => {
      const matched = matchedRows(kernels, port, rows, stored, matches)
      const { arena } = kernels
      const weights = arena.scratch(matches.count * 4)
      const numbers = arena.scratch(matches.count * 8)
      const { u32, i32, i64 } = arena.views
      for (let pair = 0; pair < matches.count; pair++) {
        const probed = u32[(matches.probe >>> 2) + pair]!
        i32[(weights >>> 2) + pair] = part[probed]!.weight
        i64[(numbers >>> 3) + pair] = BigInt(probed)
      }
      // The residual drops pairs: the number of each pair's probe row goes through it as a column.
      const number: Vector = { physical: 'i64', data: numbers, validity: 0, errors: null }
      const columns = [...matched.columns, number]
      const kept = residual(fragment, { ...matched, columns, weights }, isNew)
      for (const pair of contributionsOf(kernels, kept, numbered)) {
        const of = part[Number(pair.row.pop())]!
        found.push({ of, pair })
      }
    })
    return found
  }

  const apply = (fragment: number, port: 0 | 1, changes: readonly Contribution[]) => {
    const kernels = environment.fragments[fragment]!
    const table = tables[fragment]![port]!
    for (const sign of [1, -1]) {
      const part = copiesOf(changes.filter((change) => Math.sign(change.weight) === sign))
      inBuckets(kernels, sides[port], fields[port], part, (end, rows) => {
        const keys = keysOf(kernels, sides[port], rows)
        const stored = storedRows(kernels, sides[port], { ...rows, weights: 0 })
        if (sign > 0) table.insert(end, keys, stored)
        else table.remove(end, keys, stored)
      })
    }
  }

  /** The row of one side by itself. */
  const alone = (port: 0 | 1, of: Contribution, weight: number): Contribution => ({
    ...of,
    row: port === 0 ? [...of.row, ...nothing[0]] : [...nothing[1], ...of.row],
    weight,
  })

  /** Changes of one side; no change of the other side has a key of theirs. */
  const run = (fragment: number, port: 0 | 1, changes: readonly Contribution[]): Contribution[] => {
    const isAsked = shown[1 - port] && plan.residual !== null
    if (isAsked) return changes.flatMap((one) => change(fragment, port, one))
    const found = pairs(fragment, port, changes, true)
    const out = arrived(port, changes, found)
    if (shown[1 - port]) for (const one of turned(fragment, port, changes, found)) out.push(one)
    apply(fragment, port, changes)
    return out
  }

  /** Rows of the other side that are shown by themselves from a change on, or no more. */
  const turned = (
    fragment: number,
    port: 0 | 1,
    changes: readonly Contribution[],
    found: readonly Found[],
  ): Contribution[] => {
    const partners = partnersOf(width, port, found)
    const met = changes.filter((one) => partners.has(one))
    const keys = new Map(met.map((one) => [one, rowKey(one.row, keysAt[port])]))
    const asked = new Map(met.map((one) => [keys.get(one)!, one]))
    const counts = new Map<Contribution, number>()
    const table = tables[fragment]![port]!
    probe(fragment, { port, table }, [...asked.values()], (matches, _, part) => {
      const { u32 } = environment.fragments[fragment]!.arena.views
      for (let pair = 0; pair < matches.count; pair++) {
        const one = part[u32[(matches.probe >>> 2) + pair]!]!
        counts.set(one, (counts.get(one) ?? 0) + 1)
      }
    })
    const out: Contribution[] = []
    for (const one of met) {
      const counted = asked.get(keys.get(one)!)!
      const before = counts.get(counted) ?? 0
      counts.set(counted, before + one.weight)
      if ((one.weight > 0 ? before : before + one.weight) > 0) continue
      for (const partner of partners.get(one)!) out.push(turn(port, one, partner))
    }
    return out
  }

  /** A partner's row by itself, which comes or goes with a change of the one side. */
  const turn = (port: 0 | 1, one: Contribution, partner: Contribution): Contribution =>
    alone((1 - port) as 0 | 1, partner, one.weight > 0 === shownAlone ? -1 : 1)

  /** What the changes of one side show: their pairs and themselves. */
  const arrived = (
    port: 0 | 1,
    changes: readonly Contribution[],
    found: readonly Found[],
  ): Contribution[] => {
    const isOwn = plan.lookup || environment.mode === 'continuous'
    const out = pairsShown ? found.map(isOwn ? atOwnPlace : ({ pair }) => pair) : []
    if (!shown[port]) return out
    const matched = new Set(found.map(({ of }) => of))
    for (const one of changes) {
      if (matched.has(one) !== shownAlone) out.push(alone(port, one, one.weight))
    }
    return out
  }

  /** One change of a side, and what it means for the other side's rows that are shown by themselves. */
  const change = (fragment: number, port: 0 | 1, one: Contribution): Contribution[] => {
    const found = pairs(fragment, port, [one], true)
    if (one.weight < 0) apply(fragment, port, [one])
    const partners = partnersOf(width, port, found).get(one) ?? []
    const matches = pairs(fragment, (1 - port) as 0 | 1, partners, false)
    const matched = new Set(matches.map(({ of }) => of))
    const out = arrived(port, [one], found)
    for (const partner of partners) if (!matched.has(partner)) out.push(turn(port, one, partner))
    if (one.weight > 0) apply(fragment, port, [one])
    return out
  }

  /**
   * One-shot statements know all right rows before the first left one: no row is padded and mended again. Where the
   * right side is looked up, what came with the left rows was there before them, too.
   */
  const atOnce = (fragment: number, changes: readonly Pending[]): Contribution[] => {
    const [lefts, rights] = [0, 1].map((side) => changes.filter(({ port }) => port === side))
    apply(fragment, 1, rights!)
    const out = arrived(0, lefts!, pairs(fragment, 0, lefts!, true))
    if (!shown[1]) return out
    apply(fragment, 0, lefts!)
    const matched = new Set(pairs(fragment, 1, rights!, false).map(({ of }) => of))
    for (const one of rights!) if (!matched.has(one)) out.push(alone(1, one, one.weight))
    return out
  }

  const commitFragment = (fragment: number) => {
    const changes = pending[fragment]!
    if (changes.length === 0) return
    pending[fragment] = []
    const { arena } = environment.fragments[fragment]!
    if (environment.mode === 'one-shot' || plan.lookup) {
      return emit(fragment, atOnce(fragment, changes))
    }
    changes.sort((a, b) => compareTriples(a, b) || b.port - a.port)
    const out: Contribution[] = []
    for (const round of roundsOf(changes, keysAt)) {
      for (const port of [0, 1] as const) {
        for (let from = 0; from < round[port].length; from += pushRowsMax) {
          const mark = arena.markScratch()
          const part = round[port].slice(from, from + pushRowsMax)
          // A loop, as a spread of a large result would overflow the stack.
          for (const row of run(fragment, port, part)) out.push(row)
          arena.releaseScratch(mark)
        }
      }
    }
    emit(fragment, out)
  }

  const emit = (fragment: number, contributions: readonly Contribution[]) => {
    const kernels = environment.fragments[fragment]!
    const rows = cancelAtOnce(contributions).sort(compareTriples)
    pushContributions(kernels, rows, plan.output, (batch) => push(fragment, batch))
  }

  return {
    push(fragment, port, batch) {
      const kernels = environment.fragments[fragment]!
      for (const contribution of contributionsOf(kernels, batch, fields[port])) {
        const matchable = keysAt[port].every((column) => contribution.row[column] !== null)
        if (matchable || (shown[port] && shownAlone)) {
          pending[fragment]!.push({ ...contribution, port })
          waiting[port]!.change(contribution.row, 1)
        }
      }
    },
    stepEnd() {},
    flush() {
      environment.fragments.forEach((_, fragment) => {
        commitFragment(fragment)
      })
      for (const one of waiting) one.clear()
    },
    get waitingBytes() {
      return waiting.reduce((sum, { bytes }) => sum + bytes, 0)
    },
    holds: () => pending.some((changes) => changes.length > 0),
  }
}

/** What the changes of one side met on the other, by change; the left side has `width` columns. */
function partnersOf(
  width: number,
  port: 0 | 1,
  found: readonly Found[],
): Map<Contribution, Contribution[]> {
  const partners = new Map<Contribution, Contribution[]>()
  for (const { of, pair } of found) {
    const row = port === 1 ? pair.row.slice(0, width) : pair.row.slice(width)
    const partner = { ...of, row, weight: 1 }
    const others = partners.get(of)
    if (others === undefined) partners.set(of, [partner])
    else others.push(partner)
  }
  return partners
}

type Round = [left: Contribution[], right: Contribution[]]

/** The changes so that each key has those of one side in a round, and its rounds stand in their order. */
function roundsOf(
  changes: readonly Pending[],
  keysAt: readonly [readonly number[], readonly number[]],
): Round[] {
  const rounds: Round[] = []
  const latest = new Map<string, { port: 0 | 1; round: number }>()
  for (const change of changes) {
    const { port, row } = change
    const key = rowKey(row, keysAt[port])
    let last = latest.get(key)
    if (last === undefined) {
      last = { port, round: 0 }
      latest.set(key, last)
    } else if (last.port !== port && keysAt[port].every((column) => row[column] !== null)) {
      last.port = port
      last.round++
    }
    const round = (rounds[last.round] ??= [[], []])
    round[port].push(change)
  }
  return rounds
}

/** What a change meets was there before it. */
function atOwnPlace({ of, pair }: Found): Contribution {
  return { ...pair, major: of.major, middle: of.middle, minor: of.minor }
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
