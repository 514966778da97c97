/**
 * Fixture: a catalog of streams, tables and views, and statements bound against it.
 */
import { parse } from '../../grammar/index.ts'
import { type Diagnostic, QueryMistake } from '../../src/base/index.ts'
import { Catalog } from '../../src/catalog/index.ts'
import type { Connector, Connectors } from '../../src/data/index.ts'
import { explainText } from '../../src/plan/explain.ts'
import {
  type BoundStatement,
  bind,
  type Facts,
  lower,
  type Plan,
  rewrite,
} from '../../src/plan/index.ts'

const definitions = `
  create stream bid (auction bigint not null, bidder bigint, price double, amount decimal(10, 2), url varchar,
    ts timestamp(3), watermark for ts as ts - interval '5' second);
  create stream person (id bigint, name varchar, at timestamp, watermark for at);
  create stream plain (k int, v int, ok boolean, d date, i interval, at timestamp(0));
  create table side (id int not null, label varchar, rate decimal(4, 3)) append only;
  create table files (k bigint, n bigint, w timestamp(3)) with ('connector' = 'files');
  create table hole (k bigint, n bigint) with ('connector' = 'hole');
  create table endless (k bigint, t timestamp(3), watermark for t) with ('connector' = 'endless');
  create view cheap as select auction as a, price from bid where price < 10;
  create materialized view totals as select auction, sum(price) as total from bid group by auction;
  create materialized view copies as select auction, ts from bid;
`

function connector(name: string, traits: Partial<Connector>): Connector {
  return {
    name,
    bounded: true,
    source: true,
    sink: null,
    check() {},
    infer: () => null,
    open: () => {
      throw new Error('not opened by the planner')
    },
    create: () => {
      throw new Error('not opened by the planner')
    },
    ...traits,
  }
}

const connectors: Connectors = new Map(
  [
    connector('files', { sink: 'append' }),
    connector('hole', { sink: 'changes', source: false }),
    connector('endless', { bounded: false }),
    connector('strict', {
      check(options) {
        if (options.has('path')) return
        throw new QueryMistake([{ code: 'invalid_option', message: 'option path is missing' }])
      },
    }),
    connector('knowing', {
      infer: () => ({ fields: [{ name: 'x', type: { kind: 'bigint' }, nullable: true }] }),
    }),
  ].map((one) => [one.name, one]),
)

export interface Given {
  positional?: unknown[]
  named?: Map<string, unknown>
}

/** Binds the last statement of a text; those before it go into the catalog. */
export function bound(text: string, given: Given = {}): BoundStatement {
  const catalog = new Catalog()
  run(catalog, definitions, {})
  return run(catalog, text, given)
}

function run(catalog: Catalog, text: string, given: Given): BoundStatement {
  const { script, diagnostics } = parse(text)
  if (diagnostics.length > 0) throw new QueryMistake(diagnostics, text)
  const parameters = { positional: given.positional ?? [], named: given.named ?? new Map() }
  let last: BoundStatement | undefined
  for (const statement of script.statements) {
    last = bind(statement, { catalog, connectors, parameters, text })
    if (last.kind === 'create-view' && last.orReplace && catalog.get(last.relation.name)) {
      catalog.remove(last.relation.name)
    }
    if (last.kind.startsWith('create')) {
      catalog.add((last as BoundStatement & { kind: 'create-view' }).relation)
    }
  }
  if (last === undefined) throw new Error('the text has a statement')
  return last
}

/** The logical plan of a statement and whether it is a continuous one. */
export function planOf(statement: BoundStatement): { plan: Plan; mode: 'one-shot' | 'continuous' } {
  if ('query' in statement) return { plan: statement.query.plan, mode: 'continuous' }
  if ('plan' in statement) return { plan: statement.plan, mode: 'one-shot' }
  throw new Error(`a ${statement.kind} statement has no plan`)
}

/** EXPLAIN of a statement as it comes from the binder. */
export function explained(text: string, given: Given = {}): string {
  const { plan, mode } = planOf(bound(text, given))
  return explainText(lower(plan, mode))
}

/** Rows of the relations above; those of views have no positions of their own. */
export function factsOf(relation: string): Facts {
  const rows: Record<string, number> = { bid: 10_000, person: 500, side: 20 }
  return { rows: rows[relation] ?? null, placed: !['totals', 'copies'].includes(relation) }
}

/** EXPLAIN of a statement after the rewrites. */
export function rewritten(text: string, disabled: string[] = []): string {
  const { plan, mode } = planOf(bound(text))
  const { plan: after } = rewrite(plan, { disabled: new Set(disabled), factsOf })
  return explainText(lower(after, mode))
}

/** The mistakes of a statement, each with the text that it points at. */
export function mistakes(text: string, given: Given = {}): (Diagnostic & { at: string })[] {
  try {
    bound(text, given)
  } catch (error) {
    if (!(error instanceof QueryMistake)) throw error
    return error.diagnostics.map((d) => ({ ...d, at: text.slice(d.span?.start, d.span?.end) }))
  }
  return []
}
