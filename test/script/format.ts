/**
 * Format of golden scripts: SQL with fed rows and expected changes, read into steps and written back.
 *
 * Format:  one step after the other; `--` starts a comment line, or a comment behind a table row.
 *            SQL statement;                        runs it; it must not fail
 *            error CODE [text under the span]      the next statement fails so
 *            feed R      | column | …              rows for a stream or table; columns left out are NULL. A source
 *                                                  outside ('connector' = 'js', 'source' = R) is fed before it is read
 *            subscribe N as SELECT …;              a continuous query called N from here on; or SUBSCRIBE … behind `as`
 *            flush                                 a commit point
 *            wait 12                               so many seconds of processing time go by
 *            expect N    | op | column | …         changes of view or subscription N since the last `expect N`
 *            errors N    | op | offset | …         the same of N.errors
 *            query SELECT …;   then a table        a one-shot answer, in order
 *          `${FOLDER}` in a statement is a folder that each run of the script has for itself.
 *          A table starts at the first `|`; further rows follow on lines of their own. `_` in a row ignores the cell.
 *          Times are mm:ss from 2026-01-01 00:00 where they can be; NULL is NULL; text that needs it stands in '…'.
 */

export interface Table {
  header: string[]
  rows: string[][]
}

interface Place {
  /** Number of the step's first line, from 1. */
  line: number
  /** Lines [from, to) of the file hold the step's table, from 0; the first may begin with other text. */
  from: number
  to: number
  table: Table
}

export type Step = Place &
  (
    | { kind: 'sql'; text: string }
    | { kind: 'error'; code: string; at: string; text: string }
    | { kind: 'query'; text: string }
    | { kind: 'subscribe'; name: string; text: string }
    | { kind: 'feed' | 'expect' | 'errors'; name: string }
    | { kind: 'flush' }
    | { kind: 'wait'; seconds: number }
  )

export function readScript(text: string): Step[] {
  const lines = text.split('\n')
  const steps: Step[] = []
  for (let at = 0; at < lines.length; ) {
    const line = lines[at]!.trim()
    if (line === '' || line.startsWith('--')) at++
    else {
      const step = readStep(lines, at)
      steps.push(step)
      at = step.to
    }
  }
  return steps
}

function readStep(lines: readonly string[], at: number): Step {
  const [word, second, third] = lines[at]!.trim().split(/\s+/)
  switch (word!.toLowerCase()) {
    case 'feed':
    case 'expect':
    case 'errors':
      return { kind: word as 'feed', name: second!, ...readTable(lines, at, at) }
    case 'flush':
      return { kind: 'flush', ...readTable(lines, at, at + 1) }
    case 'wait':
      return { kind: 'wait', seconds: Number(second), ...readTable(lines, at, at + 1) }
    case 'query': {
      const { text, next } = readStatement(lines, at, /^\s*query\s+/i)
      return { kind: 'query', text, ...readTable(lines, at, next) }
    }
    case 'subscribe': {
      if (third?.toLowerCase() !== 'as') break
      const { text, next } = readStatement(lines, at, /^\s*subscribe\s+\S+\s+as\s+/i)
      return { kind: 'subscribe', name: second!, text, ...readTable(lines, at, next) }
    }
    case 'error': {
      const expected = lines[at]!.trim().slice('error'.length).trim()
      const { text, next } = readStatement(lines, at + 1, null)
      const span = expected.slice(second!.length).trim()
      return { kind: 'error', code: second!, at: span, text, ...readTable(lines, at, next) }
    }
  }
  const { text, next } = readStatement(lines, at, null)
  return { kind: 'sql', text, ...readTable(lines, at, next) }
}

function readStatement(lines: readonly string[], at: number, prefix: RegExp | null) {
  const taken: string[] = []
  let next = at
  while (next < lines.length) {
    const line = lines[next++]!
    taken.push(line)
    if (/;\s*(--.*)?$/.test(line)) break
  }
  let text = taken.join('\n')
  if (prefix !== null) text = text.replace(prefix, '')
  return { text: text.trim(), next }
}

/** The table whose first row may begin on line `from`, behind other text. */
function readTable(lines: readonly string[], first: number, from: number): Place {
  const rows: string[][] = []
  let to = from
  for (; to < lines.length; to++) {
    const line = lines[to]!
    const bar = line.indexOf('|')
    if (bar < 0 || (line.slice(0, bar).trim() !== '' && to > first)) break
    rows.push(readCells(line.slice(bar)))
  }
  const [header = [], ...body] = rows
  return { line: first + 1, from, to: Math.max(to, first + 1), table: { header, rows: body } }
}

function readCells(text: string): string[] {
  const cells = text.split('|').map((cell) => cell.trim())
  // Before the first bar stands nothing, behind the last one a comment at most.
  return cells.slice(1, -1)
}

/** The script with the tables of some steps replaced. */
export function writeScript(text: string, tables: ReadonlyMap<Step, Table>): string {
  const lines = text.split('\n')
  const steps = [...tables.keys()].sort((a, b) => b.from - a.from || b.line - a.line)
  for (const step of steps) {
    const first = lines[step.from] ?? ''
    const prefix = step.kind === 'query' ? '      ' : prefixOf(step, first)
    const to = step.table.header.length === 0 && step.kind === 'query' ? step.from : step.to
    const kept = lines.slice(step.from, to).map(commentOf)
    const written = writeTable(prefix, tables.get(step)!)
    lines.splice(
      step.from,
      to - step.from,
      ...written.map((line, row) => `${line}${kept[row] ?? ''}`),
    )
  }
  return lines.join('\n')
}

/** What stands before the first bar, wide enough for a blank behind it. */
function prefixOf(step: Step, first: string): string {
  const bar = first.indexOf('|')
  const text = bar < 0 ? first.trimEnd() : first.slice(0, bar).trimEnd()
  return `${text} `.padEnd(Math.max(8, bar), ' ') || step.kind
}

function commentOf(line: string): string {
  const rest = line.slice(line.lastIndexOf('|') + 1).trim()
  return rest.startsWith('--') ? `      ${rest}` : ''
}

function writeTable(prefix: string, { header, rows }: Table): string[] {
  const widths = header.map((cell, column) =>
    Math.max(cell.length, ...rows.map((row) => row[column]!.length)),
  )
  const write = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`
  const blank = ' '.repeat(prefix.length)
  return [header, ...rows].map((cells, row) => (row === 0 ? prefix : blank) + write(cells))
}
