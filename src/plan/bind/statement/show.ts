/**
 * BindShow: SHOW and DESCRIBE, which the catalog answers by itself; only running queries are known to the engine alone.
 *
 * How      Every relation keeps the statement that made it. SHOW CREATE prints that statement, and DESCRIBE takes from
 *          it how computed columns, defaults and watermarks were written.
 * Contract 1 (checked) what SHOW CREATE says makes an object of the same columns, keys and watermark.
 */
import {
  type ColumnDefinition,
  type LikePattern,
  nameOf,
  type Path,
  parse,
  print,
  type Statement,
} from '../../../../grammar/index.ts'
import { QueryMistake } from '../../../base/index.ts'
import {
  type CatalogFunction,
  plainName,
  type Relation,
  schemas,
  sessionOf,
} from '../../../catalog/index.ts'
import { type Dialect, type Field, type Row, topColumns, typeText } from '../../../data/index.ts'
import type { BoundStatement } from '../../bind.ts'
import type { Expression, Plan } from '../../logical.ts'
import { settings, valueIn } from '../../setting.ts'
import { watermarkedColumn } from '../../watermark.ts'
import { madeInZone } from '../../zone.ts'
import { type Binding, fail } from '../binding.ts'
import { aggregateNames } from '../expression/aggregate.ts'
import { clockOf } from '../expression/clock.ts'
import { derivedAggregateNames } from '../expression/derived-aggregate.ts'
import { functionNames } from '../expression/function.ts'
import { bindQuery } from '../query.ts'
import { bindRelation, findRelation } from '../relation.ts'
import { suggestion } from '../suggest.ts'
import { objectOf } from './drop.ts'

type Of<Kind> = Extract<Statement, { kind: Kind }>
type Made = NonNullable<Relation['definition']>['statement']

/** An answer that is known already. */
export function told(
  { notices }: Binding,
  names: readonly string[],
  rows: Row[],
): BoundStatement & { kind: 'told' } {
  const fields = names.map((name): Field => ({ name, type: { kind: 'varchar' }, nullable: true }))
  return { kind: 'told', fields, rows, notices }
}

export function bindShow(binding: Binding, tree: Of<'show'>): BoundStatement {
  const { what, of } = tree
  const passes = patternTest(tree.like)
  const { notices } = binding
  switch (what) {
    case 'queries':
      return { kind: 'show-queries', passes, notices }
    case 'columns': {
      const { names, rows } = described(binding, findRelation(binding, of!))
      return told(binding, names, rows.filter(named(passes)))
    }
    case 'functions':
      return told(binding, ['name', 'kind'], functionRows(binding).filter(named(passes)))
    case 'all': {
      const row = (one: (typeof settings)[number]) => [
        one.name,
        valueIn(one, binding.settings),
        one.about,
      ]
      return told(
        binding,
        ['name', 'value', 'description'],
        settings.map(row).filter(named(passes)),
      )
    }
    case 'types': {
      const rows = binding.catalog.objects('type').map(({ name, type }) => [name, typeText(type)])
      return told(binding, ['name', 'type'], rows.filter(named(passes)))
    }
    case 'connections': {
      const keys = (options: readonly { key: string }[]) => options.map(({ key }) => key).join(', ')
      const rows = binding.catalog
        .objects('connection')
        .map(({ name, options }) => [name, keys(options)])
      return told(binding, ['name', 'options'], rows.filter(named(passes)))
    }
    case 'schemas': {
      const names = [schemas.mainSchema, ...binding.catalog.schemas(), ...schemas.systemSchemas]
      return told(binding, ['name'], names.map((name) => [name]).filter(named(passes)))
    }
    default: {
      const isThere = placeTest(binding, of)
      const rows = binding.catalog
        .list()
        .filter((relation) => isListed(what, relation) && isThere(relation))
        .map(({ name, kind }) => [
          sessionOf(name) === null ? schemas.localName(binding.catalog, name) : name,
          kind,
        ])
      return told(binding, ['name', 'kind'], rows.filter(named(passes)))
    }
  }
}

/** Is a relation in the schema that is asked for, or found without one? */
function placeTest(
  { catalog, settings }: Binding,
  of: Path | null,
): (relation: Relation) => boolean {
  const names = of === null ? schemas.searchedIn(settings) : [schemaNamed(catalog, of)]
  const wanted = new Set(names.map((name) => name.toLowerCase()))
  return ({ name }) => {
    if (sessionOf(name) !== null) return of === null
    return wanted.has(schemas.placeOf(catalog, name).schema.toLowerCase())
  }
}

function schemaNamed(catalog: Binding['catalog'], { parts, span }: Path): string {
  const [first, ...rest] = parts.map(({ name }) => name)
  const name =
    rest.length > 0 && first!.toLowerCase() === schemas.databaseName
      ? rest.join('.')
      : nameOf({ parts })
  if (schemas.isMainSchema(name)) return schemas.mainSchema
  const found = catalog.schemaNamed(name)
  if (found !== undefined || schemas.systemSchemas.includes(name.toLowerCase()))
    return found ?? name
  const near = suggestion(name, [schemas.mainSchema, ...catalog.schemas()])
  return fail(
    'unknown_name',
    `schema ${name} does not exist`,
    span,
    near ?? 'SHOW SCHEMAS lists them',
  )
}

const named = (passes: (name: string) => boolean) => (row: Row) => passes(plainName(String(row[0])))

type Listed = Exclude<
  Of<'show'>['what'],
  'types' | 'connections' | 'schemas' | 'queries' | 'columns' | 'functions' | 'all'
>

function isListed(what: Listed, relation: Relation): boolean {
  switch (what) {
    case 'streams':
      return relation.kind === 'stream'
    case 'tables':
      return relation.kind === 'table' || relation.kind === 'external'
    case 'sources':
      return relation.kind === 'external' && relation.source
    case 'sinks':
      return relation.kind === 'external' && !relation.source
    case 'subscriptions':
      return relation.kind === 'subscription'
    case 'views':
      return relation.kind === 'view' || relation.kind === 'materialized'
    case 'materialized views':
      return relation.kind === 'materialized'
  }
}

/** The names that a pattern lets pass: % stands for any text, _ for one character, \ before them for themselves. */
function patternTest(like: LikePattern | null): (name: string) => boolean {
  if (like === null) return () => true
  const parts = like.pattern.match(/\\.|./gsu) ?? []
  const source = parts.map((part) => {
    if (part === '%') return '.*'
    return part === '_' ? '.' : (part[1] ?? part).replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
  })
  const pattern = new RegExp(`^${source.join('')}$`, like.anyCase ? 'isu' : 'su')
  return (name) => pattern.test(name) !== like.negated
}

function functionRows({ catalog }: Binding): Row[] {
  const aggregates: ReadonlySet<string> = new Set([...aggregateNames, ...derivedAggregateNames()])
  const builtIn = [...new Set([...functionNames(), ...aggregates])].sort()
  const made = catalog.functions().map((one) => [one.name, one.kind === 'user' ? one.of : one.kind])
  const names = new Set(catalog.functions().map(({ name }) => name.toLowerCase()))
  const others = builtIn.filter((name) => !names.has(name))
  return [...made, ...others.map((name) => [name, aggregates.has(name) ? 'aggregate' : 'scalar'])]
}

// ---------------------------------------------------------------- SHOW CREATE

export function bindShowCreate(binding: Binding, tree: Of<'show-create'>): BoundStatement {
  const { object } = tree
  const name = nameOf(tree.name)
  const made = binding.catalog.functionNamed(name)
  if (object === 'function' || (made !== undefined && !binding.catalog.get(name))) {
    return toldFunction(binding, tree, made)
  }
  const relation = findRelation(binding, tree.name)
  const actual = objectOf(relation.kind)
  if (object !== null && object !== actual && !isCalled(object, relation)) {
    const hint = `write SHOW CREATE ${actual.toUpperCase()}`
    fail('unknown_name', `${relation.name} is a ${actual}, not a ${object}`, tree.name.span, hint)
  }
  const { definition } = relation
  if (definition === undefined) {
    const hint =
      relation.kind === 'errors' ? `SHOW CREATE ${relation.of} tells of its query` : undefined
    fail(
      'unknown_name',
      `${relation.name} was made by no statement of its own`,
      tree.name.span,
      hint,
    )
  }
  return toldDefinition(binding, relation.name, definition)
}

function toldDefinition(
  binding: Binding,
  name: string,
  { dialect, zone, statement }: { dialect: Dialect; zone?: string; statement: Statement },
): BoundStatement {
  if (zone !== madeInZone().zone) {
    binding.notices.push(`${name} was made with SET timezone = '${zone ?? 'UTC'}'`)
  }
  if (dialect !== binding.dialect) {
    binding.notices.push(`${name} was made with SET dialect = '${dialect}'`)
  }
  return told(binding, ['statement'], [[`${print(statement)};`]])
}

function toldFunction(
  binding: Binding,
  { name: path }: Of<'show-create'>,
  made: CatalogFunction | undefined,
): BoundStatement {
  if (made?.definition !== undefined) return toldDefinition(binding, made.name, made.definition)
  const name = nameOf(path)
  if (made !== undefined) {
    const hint = 'SHOW FUNCTIONS lists it'
    fail('unknown_name', `function ${made.name} is one of the program`, path.span, hint)
  }
  const isBuiltIn = functionNames().includes(name.toLowerCase())
  const message = isBuiltIn ? `function ${name} is built in` : `function ${name} does not exist`
  const names = binding.catalog.functions().map((one) => one.name)
  return fail('unknown_name', message, path.span, suggestion(name, names))
}

function isCalled(object: string, relation: Relation): boolean {
  if (relation.kind !== 'external') return false
  return object === 'sink' ? !relation.source : object === 'source' && relation.source
}

/** The statement that makes the relation again, here without what it was filled with. */
export function definitionOf(tree: Made, relation: Relation): Made {
  const again = { ...tree, ifNotExists: false }
  if (again.kind === 'create-view') {
    const { state: _, ...made } = again
    return { ...made, orReplace: false }
  }
  if (again.kind !== 'create-relation') return { ...again, orReplace: false }
  const table = { ...again, orReplace: false }
  if (again.query === null || relation.kind === 'stream') return table
  const { columns } = columnsText(relation.schema.fields)
  return { ...table, columns, query: null }
}

/** Definitions of columns, by the way of their text. */
function columnsText(fields: readonly Field[]): { columns: ColumnDefinition[] } {
  const list = topColumns(fields).map(({ field: { name, type, nullable } }) => {
    return `"${name.replaceAll('"', '""')}" ${typeText(type)}${nullable ? '' : ' NOT NULL'}`
  })
  const [made] = parse(`CREATE TABLE t (${list.join(', ')})`).script.statements
  return { columns: made?.kind === 'create-relation' ? made.columns : [] }
}

// ---------------------------------------------------------------- DESCRIBE

const describedNames = ['column', 'type', 'null', 'key', 'extra', 'watermark']

export function bindDescribe(binding: Binding, tree: Of<'describe'>): BoundStatement {
  const { names, rows } = described(binding, findRelation(binding, tree.name))
  return told(binding, names, rows)
}

function described(binding: Binding, relation: Relation): { names: string[]; rows: Row[] } {
  const { fields } = relation.schema
  const { definition, computed = [] } = relation
  const made = definition?.statement
  const tree = made?.kind === 'create-relation' ? made : null
  const rowtimes = rowtimesOf(binding, relation)
  const rows = topColumns(fields).map(({ field: { name, type, nullable }, at }) => {
    const written = tree?.columns.find((one) => one.name.name.toLowerCase() === name.toLowerCase())
    const by = computed.find(({ column }) => column === at)?.expression as Expression | undefined
    const isClock = by !== undefined && clockOf(by) !== null
    const attribute = rowtimes.has(at) ? ' *ROWTIME*' : isClock ? ' *PROCTIME*' : ''
    const isTime = relation.watermark?.column === at
    return [
      name,
      typeText(type) + attribute,
      nullable ? 'YES' : 'NO',
      keyText(relation, at),
      extraText(written),
      isTime ? watermarkText(tree, name) : null,
    ]
  })
  return { names: describedNames, rows }
}

/** `PRI(a, b)` and `UNI(a)` as they were declared, `KEY(a)` where rows of a query are told apart by it. */
function keyText(relation: Relation, at: number): string | null {
  const { fields } = relation.schema
  const listed = (word: string, columns: readonly number[]) =>
    `${word}(${columns.map((column) => fields[column]!.name).join(', ')})`
  if (relation.kind === 'materialized') {
    return relation.key?.includes(at) ? listed('KEY', relation.key) : null
  }
  const rules = relation.kind === 'table' ? relation.rules : undefined
  const keys = (rules?.keys ?? []).filter(({ columns }) => columns.includes(at))
  if (keys.length > 0) {
    return keys.map(({ primary, columns }) => listed(primary ? 'PRI' : 'UNI', columns)).join(' ')
  }
  return promisedKey(relation, fields[at]!.name)
}

/** A key that is declared and not enforced. */
function promisedKey({ definition }: Relation, name: string): string | null {
  const made = definition?.statement
  if (made?.kind !== 'create-relation') return null
  const same = (other: string) => other.toLowerCase() === name.toLowerCase()
  const column = made.columns.find((one) => same(one.name.name))
  const own = column?.constraints.find((one) => one.kind === 'key')
  if (own !== undefined) return `${own.primary ? 'PRI' : 'UNI'}(${name})`
  for (const one of made.constraints) {
    if (one.kind !== 'key' || !one.columns.some((key) => same(key.name))) continue
    return `${one.primary ? 'PRI' : 'UNI'}(${one.columns.map((key) => key.name).join(', ')})`
  }
  return null
}

/** How the values of a column come about where a row leaves them out. */
function extraText(written: ColumnDefinition | undefined): string | null {
  if (written === undefined) return null
  const { metadata } = written
  if (metadata !== undefined) return `METADATA FROM '${metadata.key ?? written.name.name}'`
  if (written.computed !== null) return `AS ${print(written.computed)}`
  const fallback = written.constraints.find((one) => one.kind === 'default')
  return fallback === undefined ? null : `DEFAULT ${print(fallback.value)}`
}

function watermarkText(tree: Of<'create-relation'> | null, name: string): string {
  const delayed = tree?.watermark?.delayed ?? null
  return delayed === null ? name : print(delayed)
}

/** Columns on which the watermark lies: that of the relation, and those that a view passes on. */
function rowtimesOf(binding: Binding, relation: Relation): ReadonlySet<number> {
  if (relation.kind !== 'view')
    return new Set(relation.watermark === null ? [] : [relation.watermark.column])
  const span = { start: 0, end: 0 }
  const part = { kind: 'identifier' as const, name: relation.name, quoted: true, span }
  const path = { kind: 'path' as const, parts: [part], span }
  return continuousRowtimes(binding, (inner) => {
    return bindRelation(inner, { kind: 'table', path, alias: null, span }, []).plan
  })
}

/** The same of a plan as a continuous query has it; none where it can only be one-shot. */
function continuousRowtimes(
  binding: Binding,
  bindIt: (inner: Binding) => Plan,
): ReadonlySet<number> {
  try {
    const plan = bindIt({ ...binding, continuous: true, checking: true, notices: [] })
    return new Set(plan.output.flatMap((_, at) => (watermarkedColumn(plan, at) ? [at] : [])))
  } catch (error) {
    if (!(error instanceof QueryMistake)) throw error
    return new Set()
  }
}

/** The columns that a query gives. */
export function bindDescribeQuery(
  binding: Binding,
  { query }: Of<'describe-query'>,
): BoundStatement {
  binding.checking = true
  const inner = { ...query, emit: null }
  const { output } = bindQuery(binding, inner, { top: true })
  const rowtimes = continuousRowtimes(binding, (again) => bindQuery(again, inner, { top: true }))
  const rows = topColumns(output).map(({ field: { name, type, nullable }, at }) => [
    name,
    typeText(type) + (rowtimes.has(at) ? ' *ROWTIME*' : ''),
    nullable ? 'YES' : 'NO',
  ])
  return told(binding, describedNames.slice(0, 3), rows)
}
