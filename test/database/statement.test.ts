/**
 * Random statements against a model of plain objects: definitions, changes, transactions, and crashes between and in
 * the middle of them. After each statement every relation is read and must be as the model has it.
 *
 * How      Views give two columns of a table, so that the model knows what reads what. Definitions in a transaction
 *          fail somehow; of all else the code is predicted. `SEED=n` runs one seed.
 */
import { expect, test } from 'vitest'
import { QueryMistake, type Random, seededRandom } from '../../src/base/index.ts'
import { type Database, open } from '../../src/database/index.ts'
import { Log } from '../../src/log/index.ts'
import { sized } from '../size.ts'

interface Column {
  name: string
  fallback: number | null
}
type Cells = Record<string, number | null>

interface Table {
  /** All but `id`. */
  columns: Column[]
  /** The column of constraint uq. */
  unique: string | null
  rows: Map<number, Cells>
}

interface View {
  table: string
  column: string
  stored: boolean
}

interface State {
  tables: Map<string, Table>
  views: Map<string, View>
}

/** Throws the code that is due. */
class Refused extends Error {
  readonly code: string
  constructor(code: string) {
    super(code)
    this.code = code
  }
}

interface Step {
  sql: string
  isDefinition: boolean
  /** Changes the state, or throws what the database must say. */
  apply(state: State): void
}

const refuse = (code: string): never => {
  throw new Refused(code)
}
const tableNames = ['t0', 't1', 't2']
const viewNames = ['v0', 'v1', 'v2']
const columnNames = ['a', 'b', 'c']

const oneOf = <T>(random: Random, items: readonly T[]): T => items[random.below(items.length)]!
const value = (random: Random): number | null => (random.below(6) === 0 ? null : random.below(8))
const sqlOf = (cell: number | null): string => (cell === null ? 'NULL' : String(cell))

const tableOf = ({ tables }: State, name: string): Table =>
  tables.get(name) ?? refuse('unknown_name')
const readersOf = ({ views }: State, table: string): [string, View][] =>
  [...views].filter(([, view]) => view.table === table)
const isTaken = ({ tables, views }: State, name: string): boolean =>
  tables.has(name) || views.has(name)

function checkUnique({ unique, rows }: Table): void {
  if (unique === null) return
  const values = [...rows.values()].map((cells) => cells[unique]!).filter((cell) => cell !== null)
  if (new Set(values).size < values.length) refuse('duplicate_key')
}

// ---------------------------------------------------------------- changes

const conflicts = ['', 'DO ERROR', 'DO NOTHING', 'DO UPDATE', 'DO DEDUPLICATE'] as const

function insert(random: Random): Step {
  const name = oneOf(random, tableNames)
  const column = oneOf(random, columnNames)
  const rows = Array.from({ length: 1 + random.below(3) }, () => ({
    id: random.below(6),
    cell: value(random),
  }))
  const conflict = oneOf(random, conflicts)
  const listed = rows.map(({ id, cell }) => `(${id}, ${sqlOf(cell)})`).join(', ')
  const set = conflict === 'DO UPDATE' ? ` SET ${column} = excluded.${column}` : ''
  const on = conflict === '' ? '' : ` ON CONFLICT (id) ${conflict}${set}`
  return {
    sql: `INSERT INTO ${name} (id, ${column}) VALUES ${listed}${on}`,
    isDefinition: false,
    apply: (state) => {
      const table = tableOf(state, name)
      if (!table.columns.some((one) => one.name === column)) refuse('unknown_name')
      const seen = new Set<number>()
      for (const [at, { id, cell }] of rows.entries()) {
        const isLater = rows.slice(at + 1).some((one) => one.id === id)
        if (conflict === 'DO DEDUPLICATE' && isLater) continue
        const old = table.rows.get(id)
        if (conflict === 'DO NOTHING' && old !== undefined) continue
        const replaces = conflict === 'DO UPDATE' || conflict === 'DO DEDUPLICATE'
        if (seen.has(id) || (old !== undefined && !replaces)) refuse('duplicate_key')
        seen.add(id)
        const fresh = Object.fromEntries(table.columns.map((one) => [one.name, one.fallback]))
        const base = conflict === 'DO UPDATE' && old !== undefined ? old : fresh
        table.rows.set(id, { ...base, [column]: cell })
      }
      checkUnique(table)
    },
  }
}

function update(random: Random): Step {
  const name = oneOf(random, tableNames)
  const column = oneOf(random, columnNames)
  const [id, cell] = [random.below(6), value(random)]
  return {
    sql: `UPDATE ${name} SET ${column} = ${sqlOf(cell)} WHERE id >= ${id}`,
    isDefinition: false,
    apply: (state) => {
      const table = tableOf(state, name)
      if (!table.columns.some((one) => one.name === column)) refuse('unknown_name')
      for (const [key, cells] of table.rows) {
        if (key >= id) table.rows.set(key, { ...cells, [column]: cell })
      }
      checkUnique(table)
    },
  }
}

function remove(random: Random): Step {
  const name = oneOf(random, tableNames)
  const id = random.below(6)
  return {
    sql: `DELETE FROM ${name} WHERE id = ${id} OR id = ${id + 2}`,
    isDefinition: false,
    apply: (state) => {
      const { rows } = tableOf(state, name)
      rows.delete(id)
      rows.delete(id + 2)
    },
  }
}

// ---------------------------------------------------------------- definitions

const definition = (sql: string, apply: Step['apply']): Step => ({ sql, isDefinition: true, apply })

function createTable(random: Random): Step {
  const name = oneOf(random, tableNames)
  const replaces = random.below(3) === 0
  const replace = replaces ? 'OR REPLACE ' : ''
  return definition(
    `CREATE ${replace}TABLE ${name} (id INT PRIMARY KEY, a INT, b INT DEFAULT 5)`,
    (state) => {
      if (!replaces && isTaken(state, name)) refuse('duplicate_name')
      if (readersOf(state, name).length > 0) refuse('dependency')
      const columns = [
        { name: 'a', fallback: null },
        { name: 'b', fallback: 5 },
      ]
      state.tables.set(name, { columns, unique: null, rows: new Map() })
    },
  )
}

function createView(random: Random): Step {
  const [name, table] = [oneOf(random, viewNames), oneOf(random, tableNames)]
  const column = oneOf(random, columnNames)
  const [replaces, stored] = [random.below(3) === 0, random.below(2) === 0]
  const head = `CREATE ${replaces ? 'OR REPLACE ' : ''}${stored ? 'MATERIALIZED ' : ''}VIEW`
  return definition(`${head} ${name} (k, x) AS SELECT id, ${column} FROM ${table}`, (state) => {
    const present = state.views.get(name)
    const isOther = present !== undefined && !(replaces && present.stored === stored)
    const { columns } = isOther ? { columns: [] } : tableOf(state, table)
    if (isOther) refuse('duplicate_name')
    if (!columns.some((one) => one.name === column)) refuse('unknown_name')
    state.views.set(name, { table, column, stored })
  })
}

function drop(random: Random): Step {
  const isTable = random.below(2) === 0
  const name = oneOf(random, isTable ? tableNames : viewNames)
  const [cascade, stored] = [random.below(3) === 0, random.below(2) === 0]
  const object = isTable ? 'TABLE' : stored ? 'MATERIALIZED VIEW' : 'VIEW'
  return definition(`DROP ${object} ${name}${cascade ? ' CASCADE' : ''}`, (state) => {
    if (!isTable) {
      if (state.views.get(name)?.stored !== stored) refuse('unknown_name')
      state.views.delete(name)
      return
    }
    tableOf(state, name)
    const readers = readersOf(state, name)
    if (readers.length > 0 && !cascade) refuse('dependency')
    for (const [view] of readers) state.views.delete(view)
    state.tables.delete(name)
  })
}

function renameTable(random: Random): Step {
  const [name, to] = [oneOf(random, tableNames), oneOf(random, tableNames)]
  return definition(`ALTER TABLE ${name} RENAME TO ${to}`, (state) => {
    const table = tableOf(state, name)
    if (isTaken(state, to)) refuse('duplicate_name')
    for (const [, view] of readersOf(state, name)) view.table = to
    state.tables.delete(name)
    state.tables.set(to, table)
  })
}

/** Something becomes of a column that must be there, and that nobody may read. */
function onColumn(
  words: string,
  [name, column]: readonly [string, string],
  apply: (table: Table) => void,
): Step {
  return definition(`ALTER TABLE ${name} ${words}`, (state) => {
    const table = tableOf(state, name)
    if (!table.columns.some((one) => one.name === column)) refuse('unknown_name')
    apply(table)
    if (readersOf(state, name).some(([, view]) => view.column === column)) refuse('dependency')
  })
}

function alterColumn(random: Random): Step {
  const [name, column] = [oneOf(random, tableNames), oneOf(random, columnNames)]
  const [other, cell] = [oneOf(random, columnNames), random.below(9)]
  const place = [name, column] as const
  switch (random.below(6)) {
    case 0:
      return definition(`ALTER TABLE ${name} ADD COLUMN ${column} INT DEFAULT ${cell}`, (state) => {
        const table = tableOf(state, name)
        if (table.columns.some((one) => one.name === column)) refuse('duplicate_name')
        table.columns.push({ name: column, fallback: cell })
        for (const [key, cells] of table.rows) table.rows.set(key, { ...cells, [column]: cell })
      })
    case 1:
      return onColumn(`DROP COLUMN ${column}`, place, (table) => {
        if (table.unique === column) refuse('dependency')
        table.columns = table.columns.filter((one) => one.name !== column)
      })
    case 2:
      if (other === column) {
        return definition(`ALTER TABLE ${name} RENAME COLUMN ${column} TO ${other}`, (state) => {
          const { columns } = tableOf(state, name)
          if (!columns.some((one) => one.name === column)) refuse('unknown_name')
        })
      }
      return onColumn(`RENAME COLUMN ${column} TO ${other}`, place, (table) => {
        if (table.columns.some((one) => one.name === other)) refuse('duplicate_name')
        if (table.unique === column) table.unique = other
        table.columns.find((one) => one.name === column)!.name = other
        for (const [key, { [column]: old, ...cells }] of table.rows) {
          table.rows.set(key, { ...cells, [other]: old! })
        }
      })
    case 3:
      return onColumn(`ALTER ${column} TYPE BIGINT USING ${column} + ${cell}`, place, (table) => {
        for (const [key, cells] of table.rows) {
          const old = cells[column]!
          table.rows.set(key, { ...cells, [column]: old === null ? null : old + cell })
        }
      })
    case 4:
      return definition(`ALTER TABLE ${name} ALTER ${column} SET DEFAULT ${cell}`, (state) => {
        const found = tableOf(state, name).columns.find((one) => one.name === column)
        if (found === undefined) refuse('unknown_name')
        else found.fallback = cell
      })
    default:
      return constraint(random, name, column)
  }
}

function constraint(random: Random, name: string, column: string): Step {
  if (random.below(2) === 0) {
    return definition(`ALTER TABLE ${name} ADD CONSTRAINT uq UNIQUE (${column})`, (state) => {
      const table = tableOf(state, name)
      if (table.unique !== null) refuse('duplicate_name')
      if (!table.columns.some((one) => one.name === column)) refuse('unknown_name')
      table.unique = column
      checkUnique(table)
    })
  }
  return definition(`ALTER TABLE ${name} DROP CONSTRAINT uq`, (state) => {
    const table = tableOf(state, name)
    if (table.unique === null) refuse('unknown_name')
    table.unique = null
  })
}

const productions = [
  ...[insert, insert, insert, insert, update, update, remove],
  ...[createTable, createTable, createView, drop, renameTable, alterColumn, alterColumn],
]

// ---------------------------------------------------------------- the run

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
    return 'done'
  } catch (fault) {
    if (fault instanceof QueryMistake) return fault.diagnostics[0]!.code
    throw fault
  }
}

/** What the model says of a statement, and the state after it. */
function predicted(state: State, step: Step): { code: string; after: State } {
  const after = structuredClone(state)
  try {
    step.apply(after)
    return { code: 'done', after }
  } catch (fault) {
    if (!(fault instanceof Refused)) throw fault
    return { code: fault.code, after: state }
  }
}

/** Every relation with its rows, as text. */
function shown({ tables, views }: State): Record<string, string[]> {
  const rowsOf = (table: string, names: readonly string[]) =>
    [...tables.get(table)!.rows]
      .sort(([a], [b]) => a - b)
      .map(([id, cells]) => [id, ...names.map((name) => cells[name] ?? null)].map(String).join())
  const all: Record<string, string[]> = {}
  for (const [name, { columns }] of tables) {
    const names = columns.map((one) => one.name)
    all[name] = [names.join(), ...rowsOf(name, names)]
  }
  for (const [name, { table, column }] of views) all[name] = ['x', ...rowsOf(table, [column])]
  return all
}

async function read(database: Database): Promise<Record<string, string[]>> {
  const { rows } = await database.query(
    `SELECT table_name FROM information_schema.tables
      WHERE table_name SIMILAR TO '(t|v)[0-2]' ORDER BY table_name`,
  )
  const all: Record<string, string[]> = {}
  for (const [name] of rows) {
    const { fields, rows: found } = await database.query(`SELECT * FROM ${String(name)} ORDER BY 1`)
    const names = fields.slice(1).map((field) => field.name)
    all[String(name)] = [names.join(), ...found.map((row) => row.map(String).join())]
  }
  return all
}

async function run(seed: number): Promise<void> {
  const random = seededRandom(seed)
  const log = new Log()
  let left = Number.POSITIVE_INFINITY
  const crash = new Error('crash')
  const opened = () => {
    left = Number.POSITIVE_INFINITY
    return open(':memory:', {
      log,
      cycles: 'manual',
      beforeStep: () => {
        if (left-- <= 0) throw crash
      },
    })
  }
  let database = await opened()
  let state: State = { tables: new Map(), views: new Map() }
  /** The state at BEGIN. */
  let outside: State | null = null
  let isFailed = false
  const told: string[] = []
  const place = () => `SEED=${seed}\n${told.join(';\n')}`
  const compare = async () => expect(await read(database), place()).toEqual(shown(state))
  const leave = (to: State) => {
    state = to
    outside = null
    isFailed = false
  }
  for (let count = 0; count < 40; count++) {
    const kind = random.below(20)
    if (kind === 0) {
      told.push('-- opened again')
      database = await opened()
      if (outside !== null) leave(outside)
      await compare()
    } else if (kind <= 2) {
      const sql = outside === null ? 'BEGIN' : oneOf(random, ['COMMIT', 'COMMIT', 'ROLLBACK'])
      told.push(sql)
      const due = sql === 'COMMIT' && isFailed ? 'transaction' : 'done'
      expect(await codeOf(database.execute(sql)), place()).toBe(due)
      if (outside === null) outside = structuredClone(state)
      else leave(sql === 'COMMIT' && !isFailed ? state : outside)
      await compare()
    } else {
      const step = oneOf(random, productions)(random)
      told.push(step.sql)
      const { code, after } = predicted(state, step)
      const crashes = outside === null && random.below(8) === 0
      if (crashes) left = random.below(4)
      const before = changesIn(log)
      const given = await codeOf(database.execute(step.sql)).catch((fault) => {
        if (fault === crash) return 'crash'
        throw fault
      })
      left = Number.POSITIVE_INFINITY
      if (given === 'crash') {
        told.push('-- crashed')
        database = await opened()
        if (changesIn(log) > before) state = after
        await compare()
        continue
      }
      const isInside = outside !== null && (step.isDefinition || isFailed)
      if (isInside) expect(given, place()).not.toBe('done')
      else expect(given, place()).toBe(code)
      if (given === 'done') state = after
      else if (outside !== null) isFailed = true
      if (!isFailed) await compare()
    }
  }
  await database.close()
}

/** What is in the log happened, wherever the engine stopped. */
const changesIn = (log: Log): number => log.frames.filter(({ kind }) => kind !== 'cycle').length

const only = process.env['SEED']
const seeds =
  only === undefined ? Array.from({ length: sized(12, 600) }, (_, at) => at + 1) : [Number(only)]

test('property: relations are as statements on plain objects leave them', async () => {
  for (const seed of seeds) await run(seed)
})
