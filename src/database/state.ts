/**
 * State: what the operators of a continuous query keep, by which law that grows, and what would bound it.
 *
 * How      The law is the plan's (src/plan/growth.ts); bytes and rows are those that the operators count. Of a text
 *          that does not run, the query is run over what is there and forgotten again.
 */
import { mistake } from '../base/index.ts'
import type { Field, Row } from '../data/index.ts'
import { explain, growth, type PhysicalPlan } from '../plan/index.ts'
import type { Engine } from './engine.ts'
import { scansOf } from './extent.ts'
import type { Query, Work } from './query.ts'
import { type View, viewOf } from './view/view.ts'

interface Told {
  kind: 'rows'
  fields: Field[]
  rows: Row[]
}

const text = (name: string): Field => ({ name, type: { kind: 'varchar' }, nullable: true })
const count = (name: string): Field => ({ name, type: { kind: 'bigint' }, nullable: true })

const fields = [
  text('operator'),
  count('bytes'),
  count('rows'),
  text('measured'),
  text('grows_with'),
  text('keeps'),
  text('would_bound_it'),
]

/** How many rows the relations of a database have in the long run. */
export function rowsIn({ catalog }: Engine): growth.Known {
  const known: growth.Known = (name) => {
    const relation = catalog.get(name)
    switch (relation?.kind) {
      case 'stream':
        return 'endless'
      case 'table':
        return relation.rules === undefined ? 'endless' : 'table'
      case 'external':
        return relation.bounded ? 'table' : 'endless'
      case 'materialized': {
        const { law } = growth.viewGrowth(relation.plan as PhysicalPlan, known)
        return law === 'unbounded' ? 'endless' : law === 'keys' ? 'keyed' : 'table'
      }
      default:
        return 'table'
    }
  }
  return known
}

/** What a query that runs keeps now. */
export function stateOf(engine: Engine, query: Query): Told {
  return { kind: 'rows', fields, rows: rowsOf(engine, query.plan, query) }
}

/** What a query would keep that has read what is there. */
export function* stateOfPlan(engine: Engine, plan: PhysicalPlan, keepsView: boolean): Work<Told> {
  const query = engine.made('', plan, false)
  try {
    if (keepsView) query.view = viewOf(query)
    if (!query.endless) {
      const upTo = engine.log.position
      const now = engine.options.clock.nowMicros()
      const rowsMax = Number.MAX_SAFE_INTEGER
      const input = { now, upTo, rowsMax, replay: null, deltas: new Map() }
      const { delta } = yield* query.cycle(input)
      query.view?.apply(delta)
    }
    return { kind: 'rows', fields, rows: rowsOf(engine, plan, query, !query.endless) }
  } finally {
    engine.discard(query)
  }
}

/** The same as rows of sys.state: the query's name and the number of the node, NULL of the view, stand before. */
export function stateRows(engine: Engine, query: Query): Row[] {
  const ids = explain.explainLines(query.plan).flatMap(({ id }) => (id === null ? [] : [id]))
  const view = query.view === null ? 0 : 1
  return rowsOf(engine, query.plan, query).map(([operator, ...rest], index) => {
    const id = index < view ? null : BigInt(ids[index - view]!)
    return [query.name, id, String(operator).trim(), ...rest]
  })
}

function rowsOf(engine: Engine, plan: PhysicalPlan, query: Query, isMeasured = true): Row[] {
  const known = rowsIn(engine)
  const laws = growth.growthOf(plan, known)
  const stats = new Map(query.stats().map((stage) => [stage.id, stage]))
  const { view } = query
  const own =
    view === null ? [] : [viewRow(boundBy(query, growth.viewGrowth(plan, known)), view, isMeasured)]
  const lines = explain.explainLines(plan, {}, own.length).flatMap(({ id, text: operator }) => {
    const found = id === null ? undefined : laws.get(id)
    if (found === undefined) return []
    const law = boundBy(query, found)
    const { stateBytes = 0, cells = 0, estimated = false } = stats.get(id!) ?? {}
    const keeps = law.law !== 'none' && isMeasured
    const measured = !keeps ? null : estimated ? 'an estimate' : 'counted'
    const [bytes, rows] = isMeasured ? [BigInt(stateBytes), BigInt(cells)] : [null, null]
    return [[operator, bytes, rows, measured, ...lawCells(law)]]
  })
  return [...own, ...lines]
}

/** What has no other bound has that of the budget where the query gives rows up for it. */
function boundBy({ eviction }: Query, found: growth.Growth): growth.Growth {
  if (eviction === null || !['unbounded', 'keys'].includes(found.law)) return found
  return { ...found, remedy: `state_budget does: ${eviction.rows} rows have been given up` }
}

function viewRow(law: growth.Growth, view: View, isMeasured: boolean): Row {
  const bytes = isMeasured ? BigInt(view.stateBytes) : null
  const rows = isMeasured ? BigInt(view.cells) : null
  return ['View', bytes, rows, isMeasured ? 'counted' : null, ...lawCells(law)]
}

const shownLaws: Record<growth.GrowthLaw, string> = {
  none: 'nothing',
  constant: 'nothing',
  windows: 'windows',
  keys: 'keys',
  relation: 'the rows of a table',
  unbounded: 'every row',
}

const lawCells = ({ law, keeps, remedy }: growth.Growth): Row => [
  shownLaws[law],
  keeps === '' ? null : keeps,
  remedy,
]

/** What is said of a query that is made and whose state grows with every row; null where none does. */
export function growthNotice(engine: Engine, name: string, plan: PhysicalPlan): string | null {
  if (scansOf(plan).some((scan) => scan.evicts))
    return `beyond state_budget ${name} gives its oldest rows up; see EXPLAIN STATE ${name}`
  const laws = growth.growthOf(plan, rowsIn(engine))
  const worst = [...laws].find(([, { law }]) => law === 'unbounded')
  if (worst === undefined) return null
  const [, { keeps, remedy }] = worst
  const help = remedy === null ? '' : `: ${remedy}`
  return `the state of ${name} grows with every row, as it keeps ${keeps}${help}; see EXPLAIN STATE ${name}`
}

/** The query of this name that runs. */
export function queryNamed(
  engine: Engine,
  name: string,
  span: { start: number; end: number },
): Query {
  const query = engine.queries.get(name.toLowerCase())
  if (query === undefined) {
    const relation = engine.catalog.get(name)
    const message =
      relation === undefined ? `there is no query ${name}` : `${name} is no query that runs`
    mistake({ code: 'unknown_name', message, hint: 'SHOW QUERIES lists them', span })
  }
  return query
}
