/**
 * Random statements of subscriptions with a name, cursors, transactions and crashes, beside plain maps that say what a
 * cursor must give.
 */
import { expect, test } from 'vitest'
import { type Random, seededRandom, virtualClock } from '../../../src/base/index.ts'
import type { Row } from '../../../src/data/index.ts'
import { Database, open } from '../../../src/database/index.ts'
import { commitSeed } from '../../seed.ts'
import { sized } from '../../size.ts'

const second = 1_000_000n
const begin = 1_800_000_000n * second

type Rows = ReadonlyMap<number, number>

/** A commit as a subscription keeps it. */
interface Kept {
  at: bigint
  changes: string[]
}

/** What a commit tells, sorted: the order of its rows is another test's. */
function changesOf(before: Rows, after: Rows): string[] {
  const told: string[] = []
  for (const k of new Set([...before.keys(), ...after.keys()])) {
    const [old, now] = [before.get(k), after.get(k)]
    if (old === now) continue
    if (old !== undefined) told.push(`${now === undefined ? '-D' : '-U'},${k},${old}`)
    if (now !== undefined) told.push(`${old === undefined ? '+I' : '+U'},${k},${now}`)
  }
  return told.sort()
}

class Sequence {
  readonly #draw: Random
  readonly #clock = virtualClock(begin)
  readonly #options = { connectors: new Map(), cycles: 'manual' as const, clock: this.#clock }
  #database = new Database(this.#options)
  /** Rows that statements have put in, those of the transaction, and those that the last commit has told. */
  #rows = new Map<number, number>()
  #own: Map<number, number> | null = null
  #told = new Map<number, number>()
  /** What the subscription keeps, while it is there. */
  #kept: Kept[] | null = null
  /** By cursor what it has to give. */
  readonly #due = new Map<string, string[]>()
  #names = 0
  readonly said: string[] = []

  constructor(draw: Random) {
    this.#draw = draw
  }

  async run(sql: string): Promise<Row[]> {
    this.said.push(sql)
    const last = (await this.#database.execute(sql)).at(-1)
    return last?.kind === 'rows' ? last.rows : []
  }

  async play(steps: number): Promise<void> {
    await this.run('CREATE TABLE t (k INT PRIMARY KEY, v INT)')
    for (let step = 0; step < steps; step++) {
      const kind = this.#draw.below(12)
      if (kind < 5) await this.#change()
      else if (kind < 7) await this.#transact()
      else if (this.#own !== null) continue
      else if (kind === 7) await this.#crash()
      else await this.#follow()
      // A SELECT is a commit point, too.
      if (this.#own === null) await this.#flush()
      const standing = this.#own ?? this.#rows
      const due = [...standing].map(([k, v]) => `${k},${v}`).sort()
      expect(
        (await this.run('SELECT k, v FROM t')).map(String).sort(),
        this.said.join('\n'),
      ).toEqual(due)
    }
    await this.#database.close()
  }

  async #change(): Promise<void> {
    const rows = this.#own ?? this.#rows
    const [k, v] = [this.#draw.below(4), this.#draw.below(3)]
    if (this.#draw.below(4) === 0) {
      rows.delete(k)
      await this.run(`DELETE FROM t WHERE k = ${k}`)
    } else {
      rows.set(k, v)
      await this.run(
        `INSERT INTO t VALUES (${k}, ${v}) ON CONFLICT (k) DO UPDATE SET v = excluded.v`,
      )
    }
  }

  async #transact(): Promise<void> {
    if (this.#own === null) {
      this.#own = new Map(this.#rows)
      await this.run('BEGIN')
      return
    }
    const keeps = this.#draw.below(3) > 0
    if (keeps) this.#rows = this.#own
    this.#own = null
    await this.run(keeps ? 'COMMIT' : 'ROLLBACK')
  }

  /** What the log has is there again; cursors are gone. */
  async #crash(): Promise<void> {
    this.said.push('-- crash')
    const { log } = this.#database
    this.#database = await open(':memory:', { ...this.#options, log })
    this.#due.clear()
  }

  /** A commit point. */
  async #flush(): Promise<void> {
    this.#clock.advance(second)
    await this.run('FLUSH')
    const changes = changesOf(this.#told, this.#rows)
    this.#told = new Map(this.#rows)
    if (changes.length === 0) return
    this.#kept?.push({ at: this.#clock.nowMicros(), changes })
    for (const due of this.#due.values()) due.push(...changes)
  }

  async #follow(): Promise<void> {
    await this.#flush()
    if (this.#kept === null) {
      this.#kept = []
      await this.run("CREATE SUBSCRIPTION u FROM t WITH (retention = '1 day')")
      return
    }
    const kind = this.#draw.below(10)
    if (kind === 0) {
      this.#kept = null
      this.#due.clear()
      await this.run('DROP SUBSCRIPTION u')
    } else if (kind < 3) await this.#acknowledge(this.#kept)
    else if (kind < 6) await this.#declare(this.#kept)
    else {
      for (const [name, due] of this.#due) {
        const given = (await this.run(`FETCH ALL ${name}`)).map((row) => String(row.slice(2)))
        expect(given.sort(), this.said.join('\n')).toEqual(due.splice(0).sort())
      }
    }
  }

  async #declare(kept: readonly Kept[]): Promise<void> {
    const name = `c${this.#names++}`
    const how = this.#draw.below(3)
    const standing = [...this.#told].map(([k, v]) => `+I,${k},${v}`)
    const all = kept.flatMap(({ changes }) => changes)
    this.#due.set(name, [[], all, standing][how]!.slice())
    const since = ['SINCE now()', 'SINCE begin()', 'FULL'][how]
    await this.run(`DECLARE ${name} SUBSCRIPTION CURSOR FOR u ${since}`)
  }

  /** What one cursor has taken up to some commit is not kept any more. */
  async #acknowledge(kept: Kept[]): Promise<void> {
    const last = kept[this.#draw.below(Math.max(kept.length, 1))]
    if (last === undefined) return
    for (const name of this.#due.keys()) await this.run(`CLOSE ${name}`)
    this.#due.clear()
    this.#kept = kept.filter(({ at }) => at > last.at)
    await this.run(`ACKNOWLEDGE u UP TO ${last.at / 1000n}`)
  }
}

test('property: cursors give what plain maps say, whatever is rolled back, acknowledged and reopened', async () => {
  const seed = commitSeed('statements of subscriptions')
  for (let run = 0; run < sized(12, 60); run++) {
    await new Sequence(seededRandom(seed + run)).play(60)
  }
})
