/**
 * Reference interpreter: runs a logical plan, as the binder made it, over plain rows; the oracle of the engine.
 *
 * How      1. A node turns the contributions of its inputs in a commit into its own. Filters, projections and
 *             windows map them one by one; aggregates and joins keep all contributions that ever came and compute
 *             old and new answers from these, from scratch, each time.
 *          2. The root's contributions become changes (commit.ts); rows with a failed value become errors.
 *          So the answer at a commit is a fold over all rows that were read, as L1 and L2 say, and the triples are
 *          those of the table in docs/laws.md; nothing here depends on how rows are batched.
 *          Values: value, exact. Expressions: scalar, text, number, time, cast. Relations: relation, window, aggregate
 *          (with fold), join. Changes: contribution, commit. A world of streams and views around it: world,
 *          external.
 * Contract 1 (trusted) shares types and value texts with the engine, and no kernel, cuboid or operator.
 * Cost     quadratic in the rows of a join; meant for hundreds of rows.
 */
import type { Plan } from '../../src/plan/logical.ts'
import { Aggregate } from './aggregate.ts'
import { Asof } from './asof.ts'
import { changelog } from './changelog.ts'
import { close } from './close.ts'
import type { Fault } from './commit.ts'
import { atOnce, type Contribution } from './contribution.ts'
import { Hold, lifetime } from './hold.ts'
import { Join } from './join.ts'
import { Matches } from './match.ts'
import { type CommitInput, type Context, type Node, sound } from './node.ts'
import { over } from './over.ts'
import { rank } from './rank.ts'
import {
  filter,
  number,
  project,
  repeat,
  scan,
  series,
  sort,
  union,
  unnest,
  values,
} from './relation.ts'
import { clock } from './scalar/scalar.ts'
import { Sessions } from './session.ts'
import { Lookup, Temporal } from './temporal.ts'
import { type Late, Watermarks } from './watermark.ts'
import { window } from './window.ts'

/** A running query. */
export class Interpreter {
  #root: Node
  #context: Context

  /** `began` is the time of its start, microseconds. */
  constructor(plan: Plan, mode: Context['mode'], began = 0n) {
    const watermarks = new Watermarks(plan, mode)
    this.#context = { mode, began, now: began, faults: [], watermarks }
    this.#root = nodeOf(plan, this.#context)
  }

  /** Contributions of the plan's output in a commit at `now`, all sound, the failures, and the late rows. */
  commit(
    given: CommitInput,
    now = 0n,
  ): { contributions: Contribution[]; faults: Fault[]; late: Late[] } {
    this.#context.faults = []
    this.#context.now = now
    clock.now = now
    const { watermarks } = this.#context
    // Rows are asked for by the watermarks first, and by the scans afterwards.
    const rowsOf = new Map<Plan, readonly Contribution[]>()
    const delta: CommitInput['delta'] = (scan) => {
      if (!rowsOf.has(scan)) rowsOf.set(scan, given.delta(scan))
      return rowsOf.get(scan)!
    }
    const endOf = new Map<Plan, number | null>()
    const end: CommitInput['end'] = (scan) => {
      if (!endOf.has(scan)) endOf.set(scan, given.end(scan))
      return endOf.get(scan)!
    }
    const input = { ...given, delta, end }
    watermarks.advance(input, now)
    const rows = sound(this.#context, this.#root(input))
    // No −0 is shown.
    const shown = rows.map((one) => ({
      ...one,
      row: one.row.map((cell) => (cell === 0 ? 0 : cell)),
    }))
    return { contributions: atOnce(shown), faults: this.#context.faults, late: watermarks.late }
  }
}

function nodeOf(plan: Plan, context: Context): Node {
  switch (plan.kind) {
    case 'scan':
      return scan(plan, context)
    case 'values':
      return values(plan)
    case 'series':
      return series(plan)
    case 'union':
      return union(plan.inputs.map((input) => nodeOf(input, context)))
    case 'repeat':
      return repeat(plan, nodeOf(plan.input, context), context)
    case 'unnest':
      return unnest(plan, nodeOf(plan.input, context), context)
    case 'filter':
      return filter(plan, nodeOf(plan.input, context), context)
    case 'project':
      return project(plan, nodeOf(plan.input, context))
    case 'window':
      return window(plan, nodeOf(plan.input, context), context)
    case 'session': {
      const sessions = new Sessions(plan, nodeOf(plan.input, context), context)
      return (commit) => sessions.pull(commit)
    }
    case 'sort':
      return sort(plan, nodeOf(plan.input, context), context)
    case 'over':
      return over(plan, nodeOf(plan.input, context), context)
    case 'rank':
      return rank(plan, nodeOf(plan.input, context), context)
    case 'match': {
      const matches = new Matches(plan, nodeOf(plan.input, context), context)
      return (commit) => matches.pull(commit)
    }
    case 'number':
      return number(plan, nodeOf(plan.input, context), context)
    case 'close':
      return close(plan, nodeOf(plan.input, context), context)
    case 'changelog':
      return changelog(plan, nodeOf(plan.input, context), context)
    case 'hold': {
      const held = new Hold(plan, nodeOf(plan.input, context), context)
      return (commit) => held.pull(commit)
    }
    case 'aggregate': {
      const aggregate = new Aggregate(plan, nodeOf(plan.input, context), context)
      return (commit) => aggregate.pull(commit)
    }
    case 'lifetime':
      return lifetime(plan, nodeOf(plan.input, context), context)
    case 'asof': {
      const inputs: [Node, Node] = [nodeOf(plan.left, context), nodeOf(plan.right, context)]
      const waits = plan.waits && context.mode === 'continuous'
      const asof = new (waits ? Temporal : Asof)(plan, inputs, context)
      return (commit) => asof.pull(commit)
    }
    case 'join': {
      const inputs: [Node, Node] = [nodeOf(plan.left, context), nodeOf(plan.right, context)]
      const join = new (plan.lookup ? Lookup : Join)(plan, inputs, context)
      return (commit) => join.pull(commit)
    }
  }
}
