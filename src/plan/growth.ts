/**
 * Growth: by which law the state of each operator of a continuous query grows, and what would bound it.
 *
 *   none       nothing is kept
 *   constant   a number of rows that the plan says
 *   windows    what belongs to windows, or times, that the watermark has not passed
 *   keys       something for each key that there is
 *   relation   the rows that a table has
 *   unbounded  more with every row that comes
 *
 * How      From the sources up: how many rows a node may give in the long run decides what a node above it keeps. Rows
 *          of a stream never end; those of a group by keys are as many as its keys.
 * Contract 1 (checked) a query without an unbounded operator keeps its bytes on input that repeats its keys.
 */
import { inputsOf, type PhysicalPlan } from './physical.ts'

export type GrowthLaw = 'none' | 'constant' | 'windows' | 'keys' | 'relation' | 'unbounded'

export interface Growth {
  law: GrowthLaw
  /** What is kept. */
  keeps: string
  /** What would bind it to less; null where nothing is known to. */
  remedy: string | null
}

/** What is known of a relation's rows: do they never end, are they a changing table's, or a view's that has a key? */
type Rows = 'endless' | 'table' | 'keyed'

/** How many rows a node's output stands for, as time goes on. */
type Extent = 'few' | Rows

/** What is known of each relation, by its name. */
export type Known = (relation: string) => Rows

const nothing: Growth = { law: 'none', keeps: '', remedy: null }

/** The law of every node of the plan, by its number. */
export function growthOf(plan: PhysicalPlan, known: Known): Map<number, Growth> {
  const found = new Map<number, Growth>()
  const visit = (node: PhysicalPlan) => {
    found.set(node.id, growthAt(node, known))
    for (const input of inputsOf(node)) visit(input)
  }
  visit(plan)
  return found
}

/** Of all rows that leave the plan: what a view of it keeps. */
export function viewGrowth(plan: PhysicalPlan, known: Known): Growth {
  const keeps = 'every row of the view'
  const law = lawOf(extentOf(plan, known))
  const remedy = law === 'unbounded' ? 'groups or a LIMIT would keep fewer rows' : null
  return { law, keeps, remedy }
}

const lawOf = (extent: Extent): GrowthLaw =>
  (({ few: 'constant', table: 'relation', keyed: 'keys', endless: 'unbounded' }) as const)[extent]

const order: readonly Extent[] = ['few', 'table', 'keyed', 'endless']

const most = (extents: readonly Extent[]): Extent =>
  order[Math.max(0, ...extents.map((one) => order.indexOf(one)))]!

function extentOf(plan: PhysicalPlan, known: Known): Extent {
  const below = () => most(inputsOf(plan).map((input) => extentOf(input, known)))
  switch (plan.kind) {
    case 'scan':
      return known(plan.relation)
    case 'values':
    case 'series':
      return 'few'
    case 'aggregate': {
      if (plan.keys.length === 0) return 'few'
      const extent = below()
      if (extent !== 'endless') return extent
      return hasTimeKey(plan) ? 'endless' : 'keyed'
    }
    case 'rank': {
      if (plan.limit === null) return below()
      if (plan.partition.length === 0) return 'few'
      const extent = below()
      return extent === 'endless' ? 'keyed' : extent
    }
    default:
      return below()
  }
}

/** Are there ever more groups, as one of the keys is a window or a point in time? */
function hasTimeKey({ keys, bucket, input }: PhysicalPlan & { kind: 'aggregate' }): boolean {
  if (bucket !== null) return true
  return keys.some((key) => input.output[key]!.type.kind === 'timestamp')
}

const watermarked = (keeps: string): Growth => ({ law: 'windows', keeps, remedy: null })

/** What is kept for every row that comes, and what would bind it. */
type PerRow = (keeps: string, remedy: string) => Growth

function growthAt(plan: PhysicalPlan, known: Known): Growth {
  const extents = inputsOf(plan).map((input) => extentOf(input, known))
  const input = most(extents)
  const perRow: PerRow = (keeps, remedy) => {
    const law = lawOf(input)
    return { law, keeps, remedy: law === 'unbounded' ? remedy : null }
  }
  switch (plan.kind) {
    case 'aggregate':
      return aggregateGrowth(plan, extentOf(plan, known), input)
    case 'join':
      return joinGrowth(plan, known, perRow)
    case 'asof':
      if (plan.waits) {
        const keeps = 'the rows ahead of the watermark, and one version of each key'
        return { law: 'keys', keeps, remedy: null }
      }
      return perRow(
        'the rows of both sides',
        'one that comes late may be nearer, so that none can go: an interval join lets rows go',
      )
    case 'close':
      return watermarked('the rows of windows that are open')
    case 'rank':
      if (plan.final) return nothing
      return rankGrowth(plan, input, perRow)
    case 'over':
      if (plan.final) return nothing
      return perRow(
        'all rows of each partition, as others may come between them',
        'an aggregate over windows would let rows go',
      )
    case 'session':
      if (plan.judge) return watermarked('the rows of sessions that are open')
      return perRow('the rows of all sessions', 'a WATERMARK on the time column would close them')
    case 'match':
      if (plan.withinMicros !== null) return watermarked('the rows of matches that are not decided')
      return perRow('rows until a match is decided', 'WITHIN would say for how long at most')
    case 'number': {
      const by = namesOf(plan.partition, plan)
      if (by === '') return { law: 'constant', keeps: 'one number', remedy: null }
      const law = input === 'endless' ? 'keys' : lawOf(input)
      return { law, keeps: `a number for each ${by}`, remedy: null }
    }
    case 'lifetime':
      return { law: 'windows', keeps: 'the rows whose time will come or end', remedy: null }
    case 'hold':
      if (plan.repeats) return perRow('all rows, for each tick', 'EMIT EVERY without REPEAT')
      return { law: 'constant', keeps: 'the changes that wait for the next tick', remedy: null }
    default:
      return nothing
  }
}

function joinGrowth(plan: PhysicalPlan & { kind: 'join' }, known: Known, perRow: PerRow): Growth {
  if (plan.lookup) {
    const law = lawOf(extentOf(plan.right, known))
    const remedy = law === 'unbounded' ? 'a table, or a view with a key, on the right side' : null
    return { law, keeps: 'the rows of the right side', remedy }
  }
  const keeps = 'the rows of both sides'
  if (plan.bucket !== null && isWatermarked(plan.left) && isWatermarked(plan.right)) {
    return watermarked(`${keeps}, by window`)
  }
  if (plan.bounds !== undefined && plan.join !== 'full') {
    return watermarked(`${keeps} whose partners may still come`)
  }
  return plan.bucket === null
    ? perRow(keeps, 'bounds on the event times of both sides, or equal windows, would let rows go')
    : perRow(`${keeps}, by window`, 'a WATERMARK on both time columns would close the windows')
}

function rankGrowth(plan: PhysicalPlan & { kind: 'rank' }, input: Extent, perRow: PerRow): Growth {
  const all = 'all rows of each partition, as'
  if (plan.retracts) {
    const remedy = 'input that takes no rows back would keep fewer'
    return perRow(`${all} those that are best may be taken back`, remedy)
  }
  if (plan.limit === null) {
    return perRow(`${all} all are numbered`, 'a limit on the number would keep fewer')
  }
  if (plan.partition.length === 0) {
    return { law: 'constant', keeps: `${plan.limit} rows`, remedy: null }
  }
  const law = input === 'endless' ? 'keys' : lawOf(input)
  const keeps = `${plan.limit} rows for each ${namesOf(plan.partition, plan)}`
  return { law, keeps, remedy: null }
}

function aggregateGrowth(
  plan: PhysicalPlan & { kind: 'aggregate' },
  groups: Extent,
  input: Extent,
): Growth {
  const spread = plan.calls.find(
    ({ function: name, distinct }) =>
      distinct || name === 'collect' || (plan.retracts && (name === 'min' || name === 'max')),
  )
  const held = spread === undefined ? 'a cell' : 'a cell and its values'
  const by = namesOf(plan.keys, plan.input)
  if (plan.bucket !== null && isWatermarked(plan.input)) {
    return { law: 'windows', keeps: `${held} for each ${by}`, remedy: null }
  }
  if (plan.bucket !== null && groups === 'endless') {
    const remedy = 'a WATERMARK on the time column would let windows go'
    return { law: 'unbounded', keeps: `${held} for each ${by}: the windows never close`, remedy }
  }
  if (spread !== undefined && input === 'endless') {
    const { argument } = spread
    const value = argument === null ? 'value' : plan.input.output[argument]!.name
    const remedy = `windows over a WATERMARK would let them go, if ${value} has ever more values`
    const where = plan.keys.length === 0 ? '' : ` of each ${by}`
    return { law: 'keys', keeps: `every distinct ${value}${where}`, remedy }
  }
  if (plan.keys.length === 0) return { law: 'constant', keeps: 'one cell', remedy: null }
  const remedy = 'windows over a WATERMARK would let groups go'
  const law = lawOf(groups)
  const isBound = law === 'relation' || law === 'constant'
  return { law, keeps: `${held} for each ${by}`, remedy: isBound ? null : remedy }
}

const isWatermarked = ({ window }: PhysicalPlan) => window?.watermarked === true

const namesOf = (columns: readonly number[], { output }: PhysicalPlan) =>
  columns.map((column) => output[column]!.name).join(', ')
