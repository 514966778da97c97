/**
 * Kept: which operators of a running query another one may go on with, and how it comes to its rows of now.
 *
 *   before   project ─ filter ─ core ─ … ─ scan        the head: projections and filters at the top, which keep nothing
 *   after    project ─ ─ ─ ─ ─ ─ core ─ … ─ scan        another head over the same core
 *
 * How      The core of the new query is found in the old one from the scans upwards; it may lack columns that nobody
 *          asks for any more. The rows that the core has told are had from the core, or from the rows of the view
 *          where these show all columns that the new head reads.
 * Contract 1 (checked) what goes on does for the new query what its own operators would.
 */
import {
  childrenOf,
  column,
  columnsOf,
  conjunctsOf,
  mapColumns,
  moveColumns,
  signatureOf,
  volatileIn,
} from './expression.ts'
import type { AggregateCall, Expression } from './logical.ts'
import { inputsOf, type PhysicalPlan } from './physical.ts'

type PlanOf<Kind extends PhysicalPlan['kind']> = Extract<PhysicalPlan, { kind: Kind }>

export interface Kept {
  /** The query from here on. */
  plan: PhysicalPlan
  /** The node of it, with all below, that is the one there is. */
  core: PhysicalPlan
  /** For each column of the core the one of the old view that shows it, null where nobody reads it. */
  shown: (number | null)[]
  /** What the rows of the old view do not tell; null: they tell all. */
  lacks: string | null
}

/** For each column of a node the one of the node that there is, or in what they differ. */
type Found = number[] | string

/** The projections and filters above `core`, as what they do with its columns. */
interface Head {
  outputs: Expression[]
  conditions: Expression[]
}

/** What the query of `after` may keep of the running one of `before`, or why nothing; the same plan does the same. */
export function keptOf(before: PhysicalPlan, after: PhysicalPlan): Kept | string {
  const [core, wanted] = [coreOf(before), coreOf(after)]
  const found = findIn(core, wanted)
  if (typeof found === 'string') return found
  const old = headOf(before, core)
  const raw = headOf(after, wanted)
  const here = (one: Expression) => moveColumns(one, (index) => found[index]!)
  const head = { outputs: raw.outputs.map(here), conditions: raw.conditions.map(here) }
  const rows = shownBy(old, head, core)
  const isNamed = namesOf(before) === namesOf(after)
  if (isNamed && sameText(old, head)) return { plan: before, core, ...rows }
  if (core.kind === 'scan') return `what has come of ${core.relation} is not kept`
  if ([...old.conditions, ...head.conditions, ...head.outputs].some(changes)) {
    return 'it asks for the time, or for what may be another value now'
  }
  const isWhole = isIdentity(found, core.output.length) && namesOf(core) === namesOf(wanted)
  const base = isWhole ? core : chosen(core, wanted, found)
  return { plan: over(after, wanted, base), core, ...rows }
}

/** Is every row of the plan made of one row that it reads, whenever that is asked for? */
export function keepsNothing(plan: PhysicalPlan): boolean {
  const own = 'predicate' in plan ? [plan.predicate] : 'expressions' in plan ? plan.expressions : []
  return (
    /^(scan|filter|project|window|union|repeat)$/.test(plan.kind) &&
    !own.some(changes) &&
    inputsOf(plan).every(keepsNothing)
  )
}

const namesOf = ({ output }: PhysicalPlan): string => textOf(output.map(({ name }) => name))

/** What keeps the state: all below the projections and filters at the top. */
function coreOf(plan: PhysicalPlan): PhysicalPlan {
  return plan.kind === 'filter' || plan.kind === 'project' ? coreOf(plan.input) : plan
}

function headOf(plan: PhysicalPlan, core: PhysicalPlan): Head {
  if (plan === core) {
    return { outputs: core.output.map((field, index) => column(index, field)), conditions: [] }
  }
  const { input } = plan as PlanOf<'filter' | 'project'>
  const below = headOf(input, core)
  const here = (one: Expression) => mapColumns(one, ({ index }) => below.outputs[index]!)
  if (plan.kind === 'filter') {
    const conditions = conjunctsOf(plan.predicate).map(here)
    return { ...below, conditions: [...below.conditions, ...conditions] }
  }
  return { ...below, outputs: (plan as PlanOf<'project'>).expressions.map(here) }
}

/** Which columns of the core the rows of the old view show, and what they do not. */
function shownBy(old: Head, head: Head, core: PhysicalPlan): Pick<Kept, 'shown' | 'lacks'> {
  const read = new Set<number>()
  for (const one of [...head.outputs, ...head.conditions]) columnsOf(one, read)
  const shown = core.output.map((_, index) => {
    const at = old.outputs.findIndex((one) => one.kind === 'column' && one.index === index)
    return at < 0 || !read.has(index) ? null : at
  })
  const hidden = [...read].find((index) => shown[index] === null)
  if (hidden !== undefined) {
    return { shown, lacks: `it reads ${core.output[hidden]!.name}, which the view did not show` }
  }
  const now = new Set(head.conditions.map(signatureOf))
  const isWider = old.conditions.some((one) => !now.has(signatureOf(one)))
  return { shown, lacks: isWider ? 'it shows rows that the view left out' : null }
}

/** Is its value another one when it is asked for again? */
const changes = (one: Expression): boolean =>
  volatileIn(one) !== null ||
  (one.kind === 'call' && one.function === 'now') ||
  childrenOf(one).some(changes)

/** The head over the core that there is; its nodes are numbered from 0. */
function over(plan: PhysicalPlan, wanted: PhysicalPlan, core: PhysicalPlan, id = 0): PhysicalPlan {
  if (plan === wanted) return core.kind === 'project' && core.id < 0 ? { ...core, id } : core
  const { input } = plan as PlanOf<'filter' | 'project'>
  return { ...plan, id, input: over(input, wanted, core, id + 1) } as PhysicalPlan
}

/** The columns of the core that the new query has, as a projection of its own. */
function chosen(core: PhysicalPlan, wanted: PhysicalPlan, found: readonly number[]): PhysicalPlan {
  const expressions = found.map((index) => column(index, core.output[index]!))
  const { output, updating, key, window } = wanted
  const node = { output, updating, key, window }
  return { kind: 'project', id: -1, ...node, expressions, computed: expressions, input: core }
}

/** Brings the numbers of the nodes that stay into the order of the new plan. */
export function renumber({ plan, core }: Kept): void {
  let above = 0
  for (let node = plan; node !== core; node = inputsOf(node)[0]!) above++
  const shift = above - core.id
  const walk = (node: PhysicalPlan): void => {
    node.id += shift
    if (node.kind === 'join' && node.candidates !== null) {
      node.candidates.aggregate += shift
      if (node.candidates.filter !== null) node.candidates.filter += shift
    }
    inputsOf(node).forEach(walk)
  }
  walk(core)
}

/** Finds the columns of `wanted` in the running `node`, which does the same and may have more of them. */
function findIn(node: PhysicalPlan, wanted: PhysicalPlan): Found {
  if (node.kind !== wanted.kind) return `it has a ${wanted.kind} in place of a ${node.kind}`
  if (node.kind === 'scan') return scanned(node, wanted as typeof node)
  const [inputs, others] = [inputsOf(node), inputsOf(wanted)]
  const below: number[][] = []
  for (const [at, input] of inputs.entries()) {
    const found = others[at] === undefined ? differs(wanted) : findIn(input, others[at])
    if (typeof found === 'string') return found
    below.push(found)
  }
  if (inputs.length !== others.length) return differs(wanted)
  const found = foundAt(node, wanted, below)
  return found ?? differs(wanted)
}

const differs = ({ kind }: PhysicalPlan) => `its ${kind} does something else`

/** The same for one node, whose inputs were found; null: it does something else. */
function foundAt(node: PhysicalPlan, wanted: PhysicalPlan, below: number[][]): number[] | null {
  const [input = []] = below
  const here = (one: Expression) => signatureOf(moveColumns(one, (index) => input[index]!))
  switch (node.kind) {
    case 'filter':
      return signatureOf(node.predicate) === here((wanted as typeof node).predicate) ? input : null
    case 'project':
      return allFound(
        node.expressions.map(signatureOf),
        (wanted as typeof node).expressions.map(here),
      )
    case 'aggregate':
      return aggregated(node, wanted as typeof node, input)
    case 'window': {
      const other = wanted as typeof node
      const same = sameText({ ...parts(node), time: 0 }, { ...parts(other), time: 0 })
      const width = node.input.output.length
      const bounds = node.output.slice(width).map((_, at) => width + at)
      return same && node.time === input[other.time] ? [...input, ...bounds] : null
    }
    default:
      return isWholeBelow(node, below) ? whole(node, wanted) : null
  }
}

const isWholeBelow = (node: PhysicalPlan, below: number[][]): boolean =>
  below.every((found, at) => isIdentity(found, inputsOf(node)[at]!.output.length))

/** A node over the very same columns: window functions may be fewer, and the number of a rank need not be shown. */
function whole(node: PhysicalPlan, wanted: PhysicalPlan): number[] | null {
  if (node.kind === 'over') {
    const other = wanted as typeof node
    if (!sameText({ ...parts(node), calls: 0 }, { ...parts(other), calls: 0 })) return null
    const calls = allFound(node.calls.map(textOf), other.calls.map(textOf))
    const width = node.input.output.length
    return calls && [...node.input.output.keys(), ...calls.map((call) => width + call)]
  }
  const shown = node.kind === 'rank' ? { numbered: node.numbered } : {}
  const isSame = sameText(parts(node), { ...parts(wanted), ...shown })
  return isSame && wanted.output.length <= node.output.length ? [...wanted.output.keys()] : null
}

function aggregated(
  node: PlanOf<'aggregate'>,
  wanted: PlanOf<'aggregate'>,
  input: readonly number[],
): number[] | null {
  const at = (index: number | null) => (index === null ? null : input[index]!)
  const here = (call: AggregateCall) =>
    textOf({ ...call, argument: at(call.argument), filter: at(call.filter) })
  const { emit, bucket, retracts } = node
  const shape = { emit, bucket, retracts, keys: node.keys }
  const other = {
    ...{ emit: wanted.emit, bucket: wanted.bucket, retracts: wanted.retracts },
    keys: wanted.keys.map(at),
  }
  if (!sameText(shape, other)) return null
  const calls = allFound(node.calls.map(textOf), wanted.calls.map(here))
  if (calls === null) return null
  const width = node.keys.length
  return [...node.keys.keys(), ...calls.map((call) => width + call)]
}

function scanned(node: PlanOf<'scan'>, wanted: PlanOf<'scan'>): Found {
  const { relation } = wanted
  const rest = (scan: typeof node) => {
    const { file, outside, from, options } = scan
    return { file, outside, from, options, relation: scan.relation.toLowerCase() }
  }
  if (!sameText(rest(node), rest(wanted))) return `it reads ${relation} another way`
  const places = wanted.columns.map((one) => node.columns.indexOf(one))
  const missing = wanted.output.find((_, at) => places[at]! < 0)
  if (missing !== undefined) return `it reads ${missing.name} of ${relation}, which was not read`
  const mark = wanted.watermark
  const same = mark === null || sameText(node.watermark, { ...mark, column: places[mark.column]! })
  return same ? places : `it reads ${relation} another way`
}

/** What a node has of its own: neither its inputs and number nor what follows from them. */
function parts(node: PhysicalPlan): Record<string, unknown> {
  const { id, output, key, updating, window, ...rest } = node
  const own: Record<string, unknown> = { ...rest, input: 0, inputs: 0, left: 0, right: 0 }
  if (node.kind !== 'join' || node.candidates === null) return own
  const { aggregate, filter } = node.candidates
  const places = { aggregate: aggregate - id, filter: filter === null ? null : filter - id }
  return { ...own, candidates: { ...node.candidates, ...places } }
}

/** Texts that are equal for what does the same; where it stands in a statement does not count. */
const textOf = (value: unknown): string =>
  JSON.stringify(value, (key, one: unknown) => (key === 'span' ? undefined : one))

const sameText = (a: unknown, b: unknown): boolean => textOf(a) === textOf(b)

function allFound(given: readonly string[], wanted: readonly string[]): number[] | null {
  const places = wanted.map((one) => given.indexOf(one))
  return places.includes(-1) ? null : places
}

const isIdentity = (found: readonly number[], width: number): boolean =>
  found.length === width && found.every((to, at) => to === at)
