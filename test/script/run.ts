/**
 * Run: takes a golden script through a session and writes down what each step showed, in the form in which it is
 * expected.
 */
import type { Field, Row, Value } from '../../src/data/index.ts'
import { readCell, writeCell } from './cell.ts'
import type { Step, Table } from './format.ts'
import type { Changed, Fault, Rows, Session } from './session.ts'

/** What a step showed: a table, or what went otherwise than it must. */
export interface Outcome {
  table: Table | null
  complaint: string | null
}

const nothing: Outcome = { table: null, complaint: null }

export async function runStep(session: Session, step: Step): Promise<Outcome> {
  switch (step.kind) {
    case 'sql': {
      const result = await session.execute(step.text)
      return result.kind === 'fault' ? { table: null, complaint: describe(result) } : nothing
    }
    case 'error':
      return runError(step, await session.execute(step.text))
    case 'query': {
      const result = await session.execute(step.text)
      if (result.kind === 'rows') return { table: tableOf(result), complaint: null }
      return { table: null, complaint: result.kind === 'fault' ? describe(result) : 'gave no rows' }
    }
    case 'subscribe': {
      const fault = await session.subscribe(step.name, step.text)
      return fault === null ? nothing : { table: null, complaint: describe(fault) }
    }
    case 'feed':
      await session.append(step.name, fedRows(session.fieldsOf(step.name), step.table))
      return nothing
    case 'flush':
      await session.flush()
      return nothing
    case 'wait':
      await session.wait(BigInt(step.seconds) * 1_000_000n)
      return nothing
    case 'expect':
      await session.flush()
      return { table: changesTable(await session.takeChanges(step.name)), complaint: null }
    case 'errors':
      await session.flush()
      return { table: changesTable(await session.takeErrors(step.name)), complaint: null }
  }
}

function runError(
  step: Step & { kind: 'error' },
  result: Rows | Fault | { kind: 'done' },
): Outcome {
  if (result.kind !== 'fault') return { table: null, complaint: `must fail with ${step.code}` }
  const matches = result.code === step.code && (step.at === '' || result.at === step.at)
  return matches ? nothing : { table: null, complaint: `failed otherwise: ${describe(result)}` }
}

const describe = ({ code, message, at }: Fault) => `${code} at «${at}»: ${message}`

/** Rows of a feed, in the order of the relation's columns. */
function fedRows(fields: readonly Field[], table: Table): Row[] {
  const places = fields.map(({ name }) =>
    table.header.findIndex((cell) => cell.toLowerCase() === name.toLowerCase()),
  )
  const known = places.filter((place) => place >= 0).length
  if (known !== table.header.length)
    throw new Error(`unknown column among ${table.header.join(', ')}`)
  return table.rows.map((cells) =>
    fields.map((field, index): Value => {
      const cell = cells[places[index]!]
      return cell === undefined ? null : readCell(cell, field.type)
    }),
  )
}

function tableOf({ fields, rows }: Rows): Table {
  return {
    header: fields.map(({ name }) => name),
    rows: rows.map((row) => row.map((value, index) => writeCell(value, fields[index]!.type))),
  }
}

function changesTable({ fields, changes }: Changed): Table {
  return {
    header: ['op', ...fields.map(({ name }) => name)],
    rows: changes.map(({ op, row }) => [
      op,
      ...row.map((value, index) => writeCell(value, fields[index]!.type)),
    ]),
  }
}

/** The table as text, with the cells that the script ignores left blank on both sides. */
export function differences(expected: Table, actual: Table): string | null {
  const lines = (table: Table) => [table.header, ...table.rows]
  const masked = lines(actual).map((cells, row) =>
    cells.map((cell, column) => (row > 0 && lines(expected)[row]?.[column] === '_' ? '_' : cell)),
  )
  const text = (cells: string[][]) => cells.map((row) => row.join(' | ')).join('\n')
  const [want, have] = [text(lines(expected)), text(masked)]
  return want === have ? null : `expected\n${want}\nfound\n${have}`
}
