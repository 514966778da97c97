/**
 * Millrace as a subject: a continuous query from SQL text over the retained rows of its streams, on one thread.
 *
 * How      1. Streams are filled before anything is timed; where there are two, their rows come side by side in
 *             event time, as they would live. One row two days later than all others closes every window but its
 *             own, which stays open.
 *          2. A round starts the query, lets it take all there is, and drops it.
 */
import { Failure } from '../base/index.ts'
import type { Batch, Connectors } from '../data/index.ts'
import type { Database } from '../database/index.ts'
import { baseMicros, type DataShape, fieldsOf, makeBatch, makeColumns } from './data.ts'
import type { Subject } from './harness.ts'
import type { BenchOptions } from './index.ts'
import { type Question, questions } from './question.ts'
import { TallySink } from './tally.ts'

/** Rows of one append. */
export const batchRows = 65_536
const dayMicros = 86_400_000_000n

/** A database with streams and a sink, and a question about them. */
export class LiveQuestion {
  readonly #database: Database
  readonly #question: Question
  readonly #sink: TallySink

  private constructor(database: Database, question: Question, sink: TallySink) {
    this.#database = database
    this.#question = question
    this.#sink = sink
  }

  static async open(
    options: Pick<BenchOptions, 'open'>,
    question: Question,
    key: DataShape['key'],
  ): Promise<LiveQuestion> {
    const sink = new TallySink()
    const connectors: Connectors = new Map([['tally', sink.connector]])
    const database = await options.open(connectors)
    const columns = questions[question].sink.replace('KEY', key.toUpperCase())
    await database.execute(`CREATE TABLE sink (${columns}) WITH ('connector' = 'tally')`)
    return new LiveQuestion(database, question, sink)
  }

  /** Makes streams and fills them with rows that come side by side. */
  async fill(streams: readonly { name: string; shape: DataShape }[]): Promise<void> {
    const most = Math.max(...streams.map(({ shape }) => shape.rows))
    const made = streams.map(({ name, shape }) => ({ name, shape, columns: makeColumns(shape) }))
    for (const { name, shape } of made) {
      const columns = fieldsOf(shape).map(({ name, type }) => `${name} ${type.kind.toUpperCase()}`)
      await this.#database.execute(
        `CREATE STREAM ${name} (${columns.join(', ')}, WATERMARK FOR ts AS ts - INTERVAL '1' SECOND)`,
      )
    }
    for (let from = 0; from < most; from += batchRows) {
      for (const { name, shape, columns } of made) {
        const part = (row: number) => Math.floor((Math.min(row, most) * shape.rows) / most)
        const range = { from: part(from), to: part(from + batchRows) }
        await this.#database.append(name, makeBatch(columns, shape, range))
      }
    }
    // A stream that begins empty is to go on.
    for (const { name, shape } of made) if (shape.rows > 0) await this.#appendLast(name, shape)
  }

  append(name: string, batch: Batch): Promise<unknown> {
    return this.#database.append(name, batch)
  }

  /** Asks once. */
  async ask(): Promise<void> {
    const started = await this.start()
    await this.flush()
    await this.#database.execute(`DROP QUERY ${started}`)
  }

  /** Starts the query; gives its name. */
  async start(): Promise<string> {
    const [result] = await this.#database.execute(
      `INSERT INTO sink ${questions[this.#question].millrace}`,
    )
    const name =
      result?.kind === 'done' ? /query (\S+) started/.exec(result.message)?.[1] : undefined
    if (name === undefined) throw new Failure('bug', 'INSERT tells the name of its query')
    return name
  }

  /** Lets the query take all there is. */
  async flush(): Promise<void> {
    await this.#database.execute('FLUSH')
  }

  subject(prepare: () => Promise<void>): Subject {
    const { folds, answer } = questions[this.#question]
    return {
      name: 'millrace',
      prepare,
      round: async () => {
        this.#sink.begin()
        await this.ask()
        return {}
      },
      check: async () => {
        const { rows } = this.#sink.tally
        this.#sink.begin(folds)
        await this.ask()
        const { tally } = this.#sink
        if (tally.rows !== rows) {
          throw new Failure('bug', `millrace gives ${tally.rows} rows where it gave ${rows}`)
        }
        return answer(tally.rows, tally.values)
      },
      close: () => this.close(),
    }
  }

  close(): Promise<void> {
    return this.#database.close()
  }

  async #appendLast(name: string, shape: DataShape): Promise<void> {
    const one = { ...shape, rows: 1 }
    const columns = makeColumns(one)
    columns.ts[0] = baseMicros + 2n * dayMicros
    columns.price[0] = 0
    await this.#database.append(name, makeBatch(columns, one, { from: 0, to: 1 }))
  }
}
