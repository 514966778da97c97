/**
 * Binding: what the steps of one statement's binding share: the catalog, parameters, mistakes found so far.
 *
 * How      A mistake is thrown where it is found; `all` catches those of parts that do not need each other (select
 *          items, clauses, column definitions) and throws them together, so that one run reports several.
 */
import type { SelectItem, Relation as TreeRelation } from '../../../grammar/index.ts'
import { type Code, type Diagnostic, mistake, QueryMistake, type Span } from '../../base/index.ts'
import type { Catalog, Relation } from '../../catalog/index.ts'
import type { Connectors, Dialect, Schema } from '../../data/index.ts'
import type { Expression, Plan } from '../logical.ts'
import { inZone } from '../zone.ts'
import type { BoundRelation } from './relation.ts'

/** Values of `?` and `$1` (from index 0) and of `:name`. */
interface Parameters {
  positional: readonly unknown[]
  named: ReadonlyMap<string, unknown>
}

export interface BindContext {
  catalog: Catalog
  connectors: Connectors
  parameters: Parameters
  /** The text that spans point into. */
  text: string
  dialect?: Dialect
  /** What SET has left, by the names of `setting.ts`. */
  settings?: ReadonlyMap<string, string>
  /** A transaction: which views are read by their query, because their rows are not those that it sees. */
  recomputed?: (view: Relation, span: Span) => boolean
}

export interface Binding extends BindContext {
  dialect: Dialect
  settings: ReadonlyMap<string, string>
  recomputed: NonNullable<BindContext['recomputed']>
  /** Is the query at hand a continuous one? Then scans carry watermarks and windows judge their rows. */
  continuous: boolean
  /** Is it one that gives up its oldest rows? See eviction.ts. */
  evicts?: true
  /** Is the query bound for its columns only, as that of a view is when it is made? */
  checking: boolean
  /** Calls of RANDOM and its like so far, and the sink that their values go to. */
  draw: { count: number; target: string }
  /** What the statement makes; its definition outlives the parameters of the statement. */
  creating: string | null
  notices: string[]
  /** Where the items that each star stands for are noted; null where nobody asks. */
  stars: Map<unknown, SelectItem[]> | null
  /** The columns with which a file in FROM is read, in place of those that it has. */
  fileSchema: Schema | null
  /** Where a bound expression stands in the text. */
  spans: WeakMap<Expression, Span>
  /** The flat members of a bound STRUCT, whose expression is its presence. */
  members: WeakMap<Expression, Expression[]>
  /** Plans of WITH by name in lower case. */
  tables: ReadonlyMap<string, Plan>
  /** Views being expanded, outermost first, with the place in the text that names the outermost. */
  views: { name: string; span: Span }[]
  /** The relation that stands for the rows around a query behind LATERAL, known by its node: see nested/around.ts. */
  around: { tree: TreeRelation; bound: BoundRelation } | null
  /** Functions whose expressions are being bound, in lower case, outermost first. */
  functions: readonly string[]
}

export function newBinding(context: BindContext): Binding {
  const { catalog, connectors, parameters, text } = context
  const { dialect = 'default', settings = new Map() } = context
  const recomputed = context.recomputed ?? (() => false)
  return {
    dialect,
    settings,
    catalog,
    connectors,
    parameters,
    text,
    recomputed,
    continuous: false,
    checking: false,
    draw: { count: 0, target: '' },
    creating: null,
    notices: [],
    stars: null,
    fileSchema: null,
    spans: new WeakMap(),
    members: new WeakMap(),
    tables: new Map(),
    views: [],
    around: null,
    functions: [],
  }
}

/** Runs all parts, then throws the mistakes of all of them, if there are any. */
export function all<T>(parts: readonly (() => T)[]): T[] {
  const diagnostics: Diagnostic[] = []
  const results: T[] = []
  for (const part of parts) {
    try {
      results.push(part())
    } catch (error) {
      if (!(error instanceof QueryMistake)) throw error
      diagnostics.push(...error.diagnostics)
    }
  }
  if (diagnostics.length > 0) throw new QueryMistake(diagnostics)
  return results
}

/** Each diagnostic once, in the order of the text. */
export function sorted(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const found = new Map<string, Diagnostic>()
  for (const diagnostic of diagnostics) found.set(JSON.stringify(diagnostic), diagnostic)
  return [...found.values()].sort((a, b) => (a.span?.start ?? 0) - (b.span?.start ?? 0))
}

/** A mistake at `span`. */
export function fail(code: Code, message: string, span: Span, hint?: string | undefined): never {
  mistake({ code, message, span, ...(hint === undefined ? {} : { hint }) })
}

/** The one form of "this is recognized and cannot be done". */
export function unsupported(what: string, span: Span, hint?: string | undefined): never {
  fail('unsupported', `not supported yet: ${what}`, span, hint)
}

/** The span of a node for plans: positions in the text of a view mean nothing to who reads another text. */
export function planSpan(binding: Binding, span: Span): Span | undefined {
  return binding.views.length > 0 ? undefined : { start: span.start, end: span.end }
}

/** Binds the query of a view at the place that names it; its own mistakes are reported there. */
export function inView<T>(
  binding: Binding,
  view: Relation & { kind: 'view' | 'materialized' },
  span: Span,
  bindIt: (inner: Binding) => T,
): T {
  const trail = [...binding.views.map(({ name }) => name), view.name]
  const name = view.name.toLowerCase()
  const outer = binding.views.some((other) => other.name.toLowerCase() === name)
  const placed = binding.views[0]?.span ?? span
  if (outer || binding.creating?.toLowerCase() === name) {
    fail('dependency', `view ${view.name} reads itself: ${trail.join(' → ')}`, placed)
  }
  const inner: Binding = {
    ...binding,
    dialect: view.dialect,
    tables: new Map(),
    views: [...binding.views, { name: view.name, span: placed }],
  }
  try {
    return inZone(view.zone ?? null, () => bindIt(inner))
  } catch (error) {
    if (!(error instanceof QueryMistake)) throw error
    const first = error.diagnostics[0]!
    const prefix = first.message.startsWith('in view ') ? '' : `in view ${view.name}: `
    return fail(first.code, `${prefix}${first.message}`, placed, first.hint)
  }
}

/** Do NULLs come first under an ORDER BY key that does not say so itself? */
export function sortsNullsFirst(
  { dialect }: Binding,
  key: { descending: boolean; nulls: 'first' | 'last' | null },
): boolean {
  if (key.nulls !== null) return key.nulls === 'first'
  if (dialect === 'flink') return !key.descending
  return dialect === 'postgres' && key.descending
}
