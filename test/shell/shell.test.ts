/** Shell: its parts that need no terminal: completion, colours, progress, faults, back-pressure. */
import { EventEmitter } from 'node:events'
import { expect, test } from 'vitest'
import { Failure, QueryMistake } from '../../src/base/index.ts'
import { Database } from '../../src/database/index.ts'
import { complete, quoted } from '../../src/shell/completion.ts'
import { ErrorRows, faultText, isCancelled } from '../../src/shell/fault.ts'
import { highlight } from '../../src/shell/highlight.ts'
import { streamOutput } from '../../src/shell/output.ts'
import { progressLine, shortNumber, terminalProgress } from '../../src/shell/progress.ts'
import { standingLines, standings } from '../../src/shell/standing.ts'
import { screen } from './screen.ts'

// biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes begin with one.
const colors = /\x1b\[\d+m/g

test('completion offers names before keywords, in the case that was begun', () => {
  const names = new Map([
    ['selection', ['id', 'place']],
    ['Select List', ['at']],
    ['trip', ['city', 'fare']],
  ])
  const offered = (marked: string) => {
    const [before = '', after = ''] = marked.split('|')
    return complete({ before, after }, names, ['.tables', '.timer', '.quit'])
  }
  expect(offered('select * from sel')).toEqual([['selection', '"Select List"'], 'sel'])
  expect(offered('SEL')).toEqual([['SELECT'], 'SEL'])
  expect(offered('.t')).toEqual([['.tables', '.timer'], '.t'])
  const found = offered('select f| from trip')[0]
  expect(found[0]).toBe('fare')
  expect(found).toContain('floor')
  expect(found).toContain('false')
  expect(offered('select t.| from trip t')[0]).toEqual(['city', 'fare'])
  expect(offered('select a from trip ')[0]).toContain('where')
  expect(offered('create table t (a big')[0]).toEqual(['BIGINT'])
  expect(offered('x y sel')[0]).toContain('select')
  expect(offered("select 'fa")[0]).toEqual([])
})

test('a name is quoted only where it must be', () => {
  expect([quoted('a_1'), quoted('1a'), quoted('a b'), quoted('a"b')]).toEqual([
    'a_1',
    '"1a"',
    '"a b"',
    '"a""b"',
  ])
})

test('colours are all that highlighting adds', () => {
  for (const text of [
    "SELECT 'a', 1 -- all\nFROM t",
    'select "x',
    "insert 'open",
    '/* open',
    'a\tb  c;',
    '',
  ]) {
    expect(highlight(text).replaceAll(colors, '')).toBe(text)
  }
  expect(highlight('SELECT 1')).not.toBe('SELECT 1')
})

test('a progress line has a bar when the end is known', () => {
  const half = progressLine({ rows: 1_830_912, bytes: 50, bytesTotal: 100 }, 1000)
  expect(half.replaceAll(colors, '')).toBe(
    ` ${'━'.repeat(15)}${'─'.repeat(15)}  50 %   1,830,912 rows   1.83 M rows/s`,
  )
  expect(progressLine({ rows: 5, bytes: 1, bytesTotal: null }, 1000).replaceAll(colors, '')).toBe(
    ' 5 rows   5 rows/s',
  )
  expect([shortNumber(12), shortNumber(1234), shortNumber(2.5e9)]).toEqual([
    '12',
    '1.23 K',
    '2.50 G',
  ])
})

test('progress is silent at first, then drawn, then wiped', () => {
  let now = 0
  const output = screen({ columns: 80 })
  const progress = terminalProgress(output, { monotonicMillis: () => now })!
  const state = { rows: 1, bytes: 1, bytesTotal: 2 }
  progress.show(state)
  now = 400
  progress.show(state)
  expect(output.text()).toBe('')
  now = 600
  progress.show(state)
  expect(output.text()).toContain('50 %')
  progress.hide()
  expect(output.text().endsWith('\r\x1b[K')).toBe(true)
  expect(terminalProgress(screen())).toBe(null)
})

test('sources are told of when their watermark, idle partitions or late rows change', () => {
  const at = BigInt(Date.UTC(2026, 0, 1)) * 1000n
  const one = { source: 'ride', watermark: at, behindMicros: 5_400_000_000n, partitions: 3n }
  const bid = { ...one, source: 'bid', behindMicros: 7000n, idlePartitions: 0n, late: 0n }
  const ride = { ...one, idlePartitions: 1n, late: 2n }
  expect(standingLines([bid, ride], [{ ...bid, behindMicros: 1n }])).toEqual([
    'ride: watermark 2026-01-01 00:00:00, 1 h behind, 1 of 3 partitions idle, 2 late',
  ])
  expect(standingLines([bid], [])).toEqual(['bid: watermark 2026-01-01 00:00:00, 7 ms behind'])
  expect(standingLines([bid, ride], [bid, ride])).toEqual([])
  const many = Array.from({ length: 7 }, (_, n) => ({ ...bid, source: `s${n}` }))
  expect(standingLines(many, []).slice(-1)).toEqual(['… and 2 more in sys.watermarks'])
})

test('the shell asks the database how far its sources are', async () => {
  const db = new Database({ cycles: 'manual', connectors: new Map() })
  await db.execute(`
    CREATE STREAM ride (at TIMESTAMP(3), WATERMARK FOR at);
    CREATE MATERIALIZED VIEW v AS SELECT COUNT(*) AS n FROM TUMBLE(ride, at, INTERVAL '1' HOUR) GROUP BY window_start`)
  expect(await standings(db)).toMatchObject([{ source: 'ride', watermark: null, late: 0n }])
  await db.execute("INSERT INTO ride VALUES (TIMESTAMP '2026-01-01 08:00:00'); FLUSH")
  const [after] = await standings(db)
  expect(after).toMatchObject({ watermark: BigInt(Date.UTC(2026, 0, 1, 8)) * 1000n - 1000n })
})

test('faults are told by kind', () => {
  const mistake = new QueryMistake(
    [
      {
        code: 'unknown_name',
        message: 'there is no column x',
        hint: 'did you mean y?',
        span: { start: 7, end: 8 },
      },
    ],
    'SELECT x',
  )
  const text = faultText(mistake, '')
  expect(text).toContain('unknown_name')
  expect(text).toContain('1:8')
  expect(text).toContain('did you mean y?')
  expect(faultText(new Failure('file', 'cannot open x'), '')).toBe('error: cannot open x (file)\n')
  expect(faultText(new Failure('cancelled', 'stopped'), '')).toContain('stopped')
  expect(isCancelled(new Failure('cancelled', 'stopped'))).toBe(true)
  expect(faultText(new TypeError('oops'), '')).toMatch(/oops[\s\S]*\(bug\)/)
})

test('rows left out are told ten times, then counted', () => {
  const errors = new ErrorRows()
  const error = { code: 'overflow' as const, message: 'too big' }
  const one = { ...error, error, offset: 0, row: '', weight: 1 }
  let told = ''
  for (let n = 0; n < 25; n++) told += errors.add([one])
  expect(told.split('\n').length).toBe(11)
  expect(errors.summary()).toBe('… 15 more rows left out\n')
})

test('output waits while the reader is slow, and not for one that is gone', async () => {
  class Slow extends EventEmitter {
    chunks: string[] = []
    destroyed = false
    write(text: string): boolean {
      this.chunks.push(text)
      return false
    }
  }
  const stream = new Slow()
  const output = streamOutput(stream as never, { colors: false })
  expect(output.write('a')).toBe(undefined)
  let done = false
  const flushed = output.flush().then(() => {
    done = true
  })
  await new Promise((resolve) => setImmediate(resolve))
  expect({ done, chunks: stream.chunks }).toEqual({ done: false, chunks: ['a'] })
  stream.emit('drain')
  await flushed
  const waiting = Promise.resolve(output.write('b'.repeat(70_000)))
  stream.destroyed = true
  stream.emit('close')
  await waiting
  await output.flush()
  expect(stream.listenerCount('drain')).toBe(0)
})
