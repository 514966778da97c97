/**
 * DuckDB as the witness of scalar functions: one expression over random rows of hard values, there and here.
 *
 * How      The rows lie in a table of DuckDB and in vectors here. DuckDB computes TRY(expression), so that a row that
 *          fails is NULL; here a failed row counts as NULL, too. Results are compared as texts of the type that the
 *          expression has here, doubles by 1e-12 of their size.
 */
import type { DuckDBConnection } from '@duckdb/node-api'
import { seededRandom } from '../../src/base/index.ts'
import { columnOf, readPeriod, type Type, type Value, valueAt } from '../../src/data/index.ts'
import { Arena, Kernels, loadColumn, unloadColumn } from '../../src/kernel/index.ts'
import type { Expression } from '../../src/plan/logical.ts'
import { compileExpressions } from '../../src/runtime/expression.ts'
import { bound, planOf } from '../plan/fixture.ts'
import { cellOf, kinds, typeNamed } from './hard.ts'

export interface Comparison {
  /** With $0, $1 … for the columns. */
  ours: string
  theirs: string
  kinds: string[]
}

export type Cells = (string | null)[]

export interface Difference {
  cells: Cells
  ours: string
  theirs: string
}

const kernels = new Kernels(new Arena(), 'wasm')

/** Random rows of hard values; each kind's values all come first, in another order per column. */
export function rowsOf(names: readonly string[], count: number, seed: number): Cells[] {
  const random = seededRandom(seed)
  return Array.from({ length: names.length === 0 ? 1 : count }, () =>
    names.map((name) => {
      const { values } = kinds[name]!
      return random.below(12) === 0 ? null : values[random.below(values.length)]!
    }),
  )
}

const named = (sql: string) => sql.replaceAll(/\$(\d)/g, 'c$1')

/** The expression over the columns of a table, as the binder gives it. */
function expressionOf(ours: string, names: readonly string[]): Expression {
  const columns = names.map((name, index) => `c${index} ${kinds[name]!.type}`)
  const table = `create table t (${['k int', ...columns].join(', ')});`
  const { plan } = planOf(bound(`${table} select ${named(ours)} as r from t`))
  if (plan.kind === 'project') return plan.expressions[0]!
  throw new Error(`${ours} is no projection`)
}

/** The values of the rows; a failed one as an Error. */
function computed(
  expression: Expression,
  names: readonly string[],
  rows: readonly Cells[],
): (Value | Error)[] {
  const count = rows.length
  const columns = ['integer', ...names].map((name, index) =>
    columnOf(
      typeNamed(name),
      rows.map((cells) => (index === 0 ? 0 : cellOf(name, cells[index - 1]!))),
    ),
  )
  const evaluator = compileExpressions(kernels, [expression], { vectorSize: 64 })
  const vectors = columns.map((column) => loadColumn(kernels, column, 0, count))
  const vector = evaluator.run(vectors, count)[0]!
  const host = unloadColumn(kernels, vector, expression.type, count)
  const values = rows.map((_, row) => {
    const failed = vector.errors?.get(row)
    return failed === undefined ? valueAt(host, row) : new Error(failed.message)
  })
  evaluator.free()
  kernels.arena.resetScratch()
  return values
}

const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`

async function loadRows(
  connection: DuckDBConnection,
  names: readonly string[],
  rows: readonly Cells[],
): Promise<void> {
  const typed = names.map((name) => kinds[name]!.duckType ?? kinds[name]!.type)
  const columns = typed.map((type, index) => `c${index} ${type}`)
  await connection.run(`create or replace temp table t (${['k int', ...columns].join(', ')})`)
  const lines = rows.map((cells, row) => {
    const values = cells.map((cell, index) =>
      cell === null ? 'null' : `cast(${quoted(cell)} as ${typed[index]})`,
    )
    return `(${[row, ...values].join(', ')})`
  })
  await connection.run(`insert into t values ${lines.join(', ')}`)
}

/** The result there as a text in the form of `textOf`. */
function asText(sql: string, type: Type): string {
  switch (type.kind) {
    case 'timestamp':
      return `cast(epoch_us(cast(${sql} as timestamp)) as varchar)`
    case 'date':
      return `cast(date_diff('day', date '1970-01-01', cast(${sql} as date)) as varchar)`
    case 'time':
      return `cast(epoch_us(cast(${sql} as time)) as varchar)`
    case 'interval':
      return `cast(epoch_us(${sql}) as varchar)`
    case 'period':
      return periodText(sql)
    case 'months':
      return `cast(datepart('year', ${sql}) * 12 + datepart('month', ${sql}) as varchar)`
    case 'double':
    case 'real':
      return `cast(cast(${sql} as double) as varchar)`
    case 'decimal':
      return `cast(cast(${sql} as decimal(38, ${type.scale})) as varchar)`
    case 'varbinary':
      return `hex(${sql})`
    default:
      return `cast(${sql} as varchar)`
  }
}

/** Months and microseconds, days of 24 hours among them. */
function periodText(sql: string): string {
  const part = (name: string) => `cast(datepart('${name}', ${sql}) as hugeint)`
  const months = `${part('year')} * 12 + ${part('month')}`
  const minutes = `(${part('day')} * 24 + ${part('hour')}) * 60 + ${part('minute')}`
  return `cast(${months} as varchar) || ' ' || cast((${minutes}) * 60000000 + ${part('microsecond')} as varchar)`
}

function textOf(value: Value | Error, type: Type): string {
  if (value === null || value instanceof Error) return 'NULL'
  if (type.kind === 'period') {
    const { months, micros } = readPeriod(value as string)
    return `${months} ${micros}`
  }
  if (type.kind === 'varbinary')
    return Buffer.from(value as string, 'latin1')
      .toString('hex')
      .toUpperCase()
  if (type.kind !== 'decimal' || type.scale === 0) return String(value)
  const digits = String(value)
    .replace('-', '')
    .padStart(type.scale + 1, '0')
  return `${(value as bigint) < 0n ? '-' : ''}${digits.slice(0, -type.scale)}.${digits.slice(-type.scale)}`
}

function same(ours: string, theirs: string, type: Type): boolean {
  if (ours === theirs) return true
  if (type.kind !== 'double' && type.kind !== 'real') return false
  const special: Record<string, number> = { inf: Infinity, '-inf': -Infinity, nan: NaN, NULL: NaN }
  const [a, b] = [ours, theirs].map((text) => special[text] ?? Number(text)) as [number, number]
  if ((ours === 'NULL') !== (theirs === 'NULL')) return false
  if (Object.is(a, b) || a === b) return true
  return (
    Math.abs(a - b) <= (type.kind === 'real' ? 1e-6 : 1e-12) * Math.max(Math.abs(a), Math.abs(b))
  )
}

/** Rows on which both sides differ. */
export async function differences(
  connection: DuckDBConnection,
  comparison: Comparison,
  rows: readonly Cells[],
): Promise<Difference[]> {
  const { ours, theirs } = comparison
  const expression = expressionOf(ours, comparison.kinds)
  const values = computed(expression, comparison.kinds, rows)
  await loadRows(connection, comparison.kinds, rows)
  const sql = `select try(${asText(`(${named(theirs)})`, expression.type)}) from t order by k`
  const answers = (await connection.runAndReadAll(sql)).getRows() as [string | null][]
  return rows.flatMap((cells, row) => {
    const [mine, other] = [textOf(values[row]!, expression.type), answers[row]![0] ?? 'NULL']
    return same(mine, other, expression.type) ? [] : [{ cells, ours: mine, theirs: other }]
  })
}
