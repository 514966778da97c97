/**
 * Physical: the plan that the runtime runs; the logical plan with numbered nodes and what each operator needs to
 * know.
 *
 * How      One walk, parents before children. An aggregate and a join that go by windows get a bucket: their state
 *          lies in one cuboid bucket per window and goes when the window closes.
 *          What a filter and a project above it both compute goes with the filter.
 * Contract 1 (checked) JSON.parse(JSON.stringify(plan)) equals plan. 2 (checked) `id` counts the nodes in preorder
 *          from 0.
 */
import { type Candidates, candidatesOf } from './candidate.ts'
import type { Expression, Plan } from './logical.ts'
import { equatedWindow } from './node.ts'
import { share } from './share.ts'

/** Positions in `keys` of the window columns. */
interface AggregateBucket {
  start: number | null
  end: number | null
  sizeMicros: string
}

/** Equated window columns of one role and size: a column of the left input, one of the right input. */
interface JoinBucket {
  left: number
  right: number
  role: 'start' | 'end'
  sizeMicros: string
}

/** What a physical node has beyond its logical one. */
interface Added {
  /** What it computes for the project above, in columns behind those of its input. */
  filter: { shared: Expression[] }
  /** The expressions over what comes, with the columns that a filter below has computed. */
  project: { computed: Expression[] }
  aggregate: {
    bucket: AggregateBucket | null
    /** Does the input take rows back? */
    retracts: boolean
  }
  join: {
    bucket: JoinBucket | null
    retracts: boolean
    /** Which rows it needs; null for all. */
    candidates: Candidates | null
  }
  session: {
    /** Does the input take rows back? */
    retracts: boolean
  }
  rank: {
    /** Does the input take rows back? */
    retracts: boolean
  }
  over: { retracts: boolean }
}

type Inputs = 'input' | 'left' | 'right' | 'inputs'
type Physical<Node> = Node extends { kind: infer Kind }
  ? Omit<Node, Inputs> & { id: number } & {
      [Input in Extract<keyof Node, Inputs>]: Input extends 'inputs' ? PhysicalPlan[] : PhysicalPlan
    } & (Kind extends keyof Added ? Added[Kind] : unknown)
  : never

export type PhysicalPlan = Physical<Plan>

export type Mode = 'one-shot' | 'continuous'

/** The physical plan of a logical one. In a one-shot statement nothing is ever taken back. */
export function lower(plan: Plan, mode: Mode): PhysicalPlan {
  let count = 0
  const walk = (logical: Plan): PhysicalPlan => {
    const id = count++
    const node = mode === 'one-shot' ? { ...logical, updating: false } : logical
    switch (node.kind) {
      case 'scan':
      case 'values':
      case 'series':
        return { ...node, id }
      case 'union':
        return { ...node, id, inputs: node.inputs.map(walk) }
      case 'filter': {
        const input = walk(node.input)
        const asked = input.kind === 'join' ? withCandidates(input, node.predicate) : input
        return { ...node, id, shared: [], input: asked }
      }
      case 'project': {
        const input = walk(node.input)
        if (input.kind !== 'filter') return { ...node, id, computed: node.expressions, input }
        const { expressions } = node
        const { shared, above } = share(input.predicate, expressions, input.output.length)
        return { ...node, id, computed: above, input: { ...input, shared } }
      }
      case 'window':
      case 'sort':
      case 'repeat':
      case 'hold':
      case 'unnest':
      case 'number':
      case 'changelog':
      case 'close':
      case 'lifetime':
      case 'match':
        return { ...node, id, input: walk(node.input) } as PhysicalPlan
      case 'session':
      case 'rank':
      case 'over': {
        const retracts = mode === 'continuous' && node.input.updating
        return { ...node, id, retracts, input: walk(node.input) } as PhysicalPlan
      }
      case 'aggregate': {
        const retracts = mode === 'continuous' && node.input.updating
        return { ...node, id, bucket: bucketOf(node), retracts, input: walk(node.input) }
      }
      case 'asof':
        return { ...node, id, left: walk(node.left), right: walk(node.right) }
      case 'join': {
        const retracts = mode === 'continuous' && (node.left.updating || node.right.updating)
        const bucket = node.lookup ? null : equatedWindow(node.left, node.right, node)
        const inputs = inputsOf(node).map(walk)
        const [left, right] = (node.lookup ? inputs.reverse() : inputs) as [
          PhysicalPlan,
          PhysicalPlan,
        ]
        return withCandidates(
          { ...node, id, bucket, retracts, candidates: null, left, right },
          null,
        )
      }
    }
  }
  return walk(plan)
}

function withCandidates(
  join: PhysicalPlan & { kind: 'join' },
  above: Expression | null,
): PhysicalPlan & { kind: 'join' } {
  return { ...join, candidates: join.candidates ?? candidatesOf(join, above) }
}

function bucketOf(node: Plan & { kind: 'aggregate' }): AggregateBucket | null {
  const window = node.input.window
  if (window === null) return null
  const place = (column: number | null) => {
    const position = column === null ? -1 : node.keys.indexOf(column)
    return position < 0 ? null : position
  }
  const [start, end] = [place(window.start), place(window.end)]
  return start === null && end === null ? null : { start, end, sizeMicros: window.sizeMicros }
}

/** The inputs of a node, in order. */
export function inputsOf<P extends Plan | PhysicalPlan>(plan: P): P[] {
  switch (plan.kind) {
    case 'join':
      return (plan.lookup ? [plan.right, plan.left] : [plan.left, plan.right]) as P[]
    case 'asof':
      return [plan.left, plan.right] as P[]
    case 'union':
      return plan.inputs as P[]
    default:
      return 'input' in plan ? [plan.input as P] : []
  }
}
