/**
 * Computed: makes the computed columns of a relation from those that a row is given.
 *
 * How      The expressions run over a batch as those of a query do. What comes out is a column as any other: it is
 *          stored in the log, has a watermark, and is read without knowing how it came to be.
 * Contract 1 (checked) a row on which an expression fails, or that lacks a value it must have, is told by its number.
 * Cost     a copy of the columns that the expressions read and of what they give, and a kernel call per operation;
 *          nothing of this where a column is chosen among others (choice.ts).
 */
import type { Code } from '../base/index.ts'
import type { ComputedColumn } from '../catalog/index.ts'
import type { BadRow, Batch, Schema, SourceReader } from '../data/index.ts'
import { batchOf, isValid, rowAt } from '../data/index.ts'
import { type Kernels, loadColumn, unloadColumn, type Vector } from '../kernel/index.ts'
import { columnsOf, type Expression, moveColumns } from '../plan/index.ts'
import { type Choice, choiceOf, chosen, isFull } from './choice.ts'
import type { UserFunctions } from './expression/user-function.ts'
import { compileExpressions, type Evaluator } from './expression.ts'
import { firstErrors } from './failure.ts'

/** A row that cannot be had: its number in the batch. */
export interface Refused {
  row: number
  code: Code
  message: string
}

/** Where a wanted column comes from. */
type Place = { from: 'input' | 'computed'; at: number } | { from: 'choice'; choice: Choice }

/** Stands for a column that no expression reads. */
const unread: Vector = { physical: 'i64', data: 0, validity: 0, errors: null }

export class Computer {
  /** The given columns that must be read, ascending, as columns of the relation. */
  readonly inputs: readonly number[]
  readonly #schema: Schema
  readonly #wanted: readonly number[]
  readonly #kernels: Kernels
  readonly #places: readonly Place[]
  /** The inputs that the evaluator reads. */
  readonly #read: ReadonlySet<number>
  readonly #evaluator: Evaluator

  /** Gives the columns `wanted` of a relation; expressions that read the clock ask `now`. */
  constructor(
    kernels: Kernels,
    { schema, computed = [] }: { schema: Schema; computed?: readonly ComputedColumn[] },
    wanted: readonly number[],
    outside: { now?: () => bigint; functions?: UserFunctions } = {},
  ) {
    const made = computed.filter(({ column }) => wanted.includes(column))
    const expressions = made.map(({ expression }) => expression as Expression)
    const needed = new Set(wanted.filter((column) => !made.some((one) => one.column === column)))
    for (const expression of expressions) columnsOf(expression, needed)
    this.inputs = [...needed].sort((a, b) => a - b)
    this.#schema = schema
    this.#wanted = wanted
    this.#kernels = kernels
    const moved = expressions.map((one) => moveColumns(one, (index) => this.inputs.indexOf(index)))
    const choices = moved.map(choiceOf)
    const others = moved.filter((_, at) => choices[at] === null)
    this.#places = wanted.map((column): Place => {
      const at = made.findIndex((one) => one.column === column)
      if (at < 0) return { from: 'input', at: this.inputs.indexOf(column) }
      const choice = choices[at]!
      return choice === null
        ? { from: 'computed', at: others.indexOf(moved[at]!) }
        : { from: 'choice', choice }
    })
    this.#read = new Set(others.flatMap((one) => [...columnsOf(one)]))
    this.#evaluator = compileExpressions(kernels, others, { vectorSize: 4096, ...outside })
  }

  /** The wanted columns of a batch of `inputs`, and the rows that cannot be had. */
  run(batch: Batch): { batch: Batch; refused: Refused[] } {
    const { arena } = this.#kernels
    const { rows } = batch
    const vectors = this.#evaluator.run(
      batch.columns.map((column, at) =>
        this.#read.has(at) ? loadColumn(this.#kernels, column, 0, rows) : unread,
      ),
      rows,
    )
    const fields = this.#wanted.map((column) => this.#schema.fields[column]!)
    const columns = this.#places.map((place, index) => {
      if (place.from === 'input') return batch.columns[place.at]!
      if (place.from === 'choice') return chosen(place.choice, batch.columns, rows)
      return unloadColumn(this.#kernels, vectors[place.at]!, fields[index]!.type, rows)
    })
    const refused: Refused[] = []
    for (const [row, { code, message }] of firstErrors(vectors) ?? []) {
      refused.push({ row, code: code as Code, message })
    }
    fields.forEach(({ name, nullable }, index) => {
      const column = columns[index]!
      if (nullable || this.#places[index]!.from === 'input' || isFull(column.validity, rows)) return
      for (let row = 0; row < rows; row++) {
        if (isValid(column, row) || refused.some((one) => one.row === row)) continue
        refused.push({ row, code: 'not_null', message: `column ${name} is NULL but takes none` })
      }
    })
    arena.resetScratch()
    refused.sort((a, b) => a.row - b.row)
    return { batch: { schema: { fields }, rows, columns }, refused }
  }

  close(): void {
    this.#evaluator.free()
  }
}

/** A reader of a computer's inputs as one of its wanted columns. */
export function computingReader(
  computer: Computer,
  open: (bad: (row: BadRow) => void) => SourceReader,
  bad: (row: BadRow) => void,
): SourceReader {
  /** Rows of the source before the batch at hand, and those within it that could not be decoded. */
  let before = 0
  let lost: number[] = []
  const reader = open((row) => {
    lost.push(row.offset)
    bad(row)
  })
  const complete = (given: Batch | null): Batch | null => {
    if (given === null) return null
    const { batch, refused } = computer.run(given)
    const offsets = refused.length === 0 ? [] : offsetsOf(before, given.rows, lost)
    before += given.rows + lost.length
    lost = []
    if (refused.length === 0) return batch
    const out = new Set(refused.map(({ row }) => row))
    for (const { row, message } of refused) {
      bad({ offset: offsets[row]!, message, text: excerpt(given, row) })
    }
    const kept = [...Array(batch.rows).keys()].filter((row) => !out.has(row))
    return batchOf(
      batch.schema,
      kept.map((row) => rowAt(batch, row)),
    )
  }
  return {
    asynchronous: reader.asynchronous,
    ...(reader.paced === undefined ? {} : { paced: reader.paced }),
    read(rowsMax) {
      const given = reader.read(rowsMax)
      return given instanceof Promise ? given.then(complete) : complete(given)
    },
    progress: () => reader.progress(),
    close() {
      reader.close()
      computer.close()
    },
  }
}

/** Where the rows of a batch stand in their source, beside those that were lost. */
function offsetsOf(before: number, rows: number, lost: readonly number[]): number[] {
  const out = new Set(lost)
  const offsets: number[] = []
  for (let at = before; offsets.length < rows; at++) if (!out.has(at)) offsets.push(at)
  return offsets
}

function excerpt(batch: Batch, row: number): string {
  const plain = (_: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value)
  return JSON.stringify(rowAt(batch, row), plain).slice(0, 200)
}
