/** Match: the automaton finds what a search through all ways to map rows finds, for all small patterns and rows. */
import { describe, expect, test } from 'vitest'
import type { Row } from '../../src/data/index.ts'
import type { MatchCell, PatternNode, RowPattern } from '../../src/plan/index.ts'
import { Machine, machineryOf } from '../../src/runtime/match/machine.ts'
import { decisionsOf } from '../oracle/match.ts'

const depth = Number(process.env.MILLRACE_MATCH_DEPTH ?? '2')
const rowsMax = Number(process.env.MILLRACE_MATCH_ROWS ?? '5')
/** Of longer rows some are taken. */
const wholeMax = 2
const step = process.env.MILLRACE_MATCH_ROWS === undefined ? 37 : 1

/** Column 0: the time; 1: may it be A?; 2: may it be B? */
const fields = [
  { name: 'ts', type: { kind: 'bigint' } as const, nullable: false },
  { name: 'a', type: { kind: 'boolean' } as const, nullable: false },
  { name: 'b', type: { kind: 'boolean' } as const, nullable: false },
]
const boolean = { kind: 'boolean' } as const
const bigint = { kind: 'bigint' } as const

const cell = (column: number | null, variables: number[] | null = null): MatchCell => ({
  kind: 'value',
  from: 'last',
  variables,
  offset: 0,
  shift: 0,
  column,
  final: false,
  type: column === null ? { kind: 'varchar' } : fields[column]!.type,
  nullable: true,
})

const cells: MatchCell[] = [
  cell(1),
  cell(2),
  cell(null),
  { kind: 'number', type: bigint, nullable: false },
  {
    kind: 'aggregate',
    function: 'count_star',
    variables: [0],
    column: null,
    final: false,
    type: bigint,
    nullable: false,
  },
]

const read = (index: number, type = boolean as { kind: 'boolean' } | { kind: 'bigint' }) =>
  ({ kind: 'column', index, type, nullable: true }) as const

/** Conditions on the row at hand; and B only while there is at most one A before it. */
const local = [read(0), read(1)]
const fewAs = {
  kind: 'call' as const,
  function: 'le',
  args: [read(4, bigint), { kind: 'literal' as const, value: '1', type: bigint, nullable: false }],
  type: boolean,
  nullable: true,
  fallible: false,
}
const looking = [
  read(0),
  { kind: 'and' as const, args: [read(1), fewAs], type: boolean, nullable: true, fallible: false },
]

const leaves: PatternNode[] = [
  { kind: 'variable', variable: 0 },
  { kind: 'variable', variable: 1 },
]

const counts: [number, number | null][] = [
  [0, null],
  [1, null],
  [0, 1],
  [2, 2],
  [1, 2],
  [0, 2],
]

/** All patterns of a depth. */
function patterns(deep: number): PatternNode[] {
  if (deep === 0) return leaves
  const below = patterns(deep - 1)
  const pairs = below.flatMap((left) => leaves.map((right) => [left, right]))
  const both = (['sequence', 'choice'] as const).flatMap((kind) =>
    pairs.flatMap((parts) => [
      { kind, parts },
      { kind, parts: parts.toReversed() },
    ]),
  )
  const repeated = below.flatMap((part) =>
    counts.flatMap(([least, most]) =>
      [false, true].map((reluctant) => ({ kind: 'repeat' as const, part, least, most, reluctant })),
    ),
  )
  const empty: PatternNode = { kind: 'choice', parts: [{ kind: 'sequence', parts: [] }, below[0]!] }
  const anchored: PatternNode[] = [
    { kind: 'sequence', parts: [{ kind: 'start' }, below[0]!] },
    { kind: 'sequence', parts: [below.at(-1)!, { kind: 'end' }] },
    { kind: 'sequence', parts: [{ kind: 'exclude', part: below[0]! }, below[1]!] },
  ]
  return [...below, ...both, ...repeated, empty, ...anchored]
}

/** All rows of up to `rowsMax` letters: A, B, either, neither. */
function* allRows(): Generator<Row[]> {
  for (let length = 1; length <= rowsMax; length++) {
    for (let code = 0; code < 4 ** length; code += length > wholeMax ? step : 1) {
      yield Array.from({ length }, (_, at): Row => {
        const letter = Math.floor(code / 4 ** at) % 4
        return [BigInt(at), (letter & 1) !== 0, (letter & 2) !== 0]
      })
    }
  }
}

const inputs = [...allRows()]

function shapeOf(
  pattern: PatternNode,
  define: RowPattern['define'],
  more: Partial<RowPattern>,
): RowPattern {
  return {
    partition: [],
    order: [{ column: 0, descending: false, nullsFirst: false }],
    ties: 'position',
    variables: ['A', 'B'],
    pattern,
    define,
    cells,
    allRows: true,
    empty: 'unmatched',
    skip: { to: 'past' },
    withinMicros: null,
    kept: [0],
    shown: [2, 3, 4],
    ...more,
  }
}

function found(shape: RowPattern, rows: readonly Row[]): unknown[] {
  const out: unknown[] = []
  const machine: Machine = new Machine(
    machineryOf(
      shape,
      fields.map(({ type }) => type),
    ),
    {
      tell(first, told) {
        const values = told.map(({ row, values: own }) => [
          ...shape.kept.map((c) => machine.row(row).row[c]!),
          ...own,
        ])
        if (values.length > 0) out.push([first, ...values])
      },
      forget: () => {},
      fail: (first, message) => out.push([first, message]),
    },
  )
  for (const [major, row] of rows.entries()) {
    machine.add({ row, weight: 1, major, middle: 0, minor: 0 })
  }
  machine.end()
  return out
}

function wanted(shape: RowPattern, rows: readonly Row[]): unknown[] {
  const plan = { ...shape, input: { output: fields } }
  const decisions = decisionsOf(plan, rows as Row[], null)
  const told = decisions.filter(({ rows: some, failed }) => some.length > 0 || failed !== null)
  return told.map(({ first, rows: some, failed }) => [
    first,
    ...(failed === null ? some : [failed]),
  ])
}

const variants: Partial<RowPattern>[] = [
  {},
  { allRows: false, empty: 'show', skip: { to: 'next' } },
  { empty: 'omit', skip: { to: 'last', variables: [1], name: 'B' }, withinMicros: '2' },
]

describe.each([
  ['conditions on the row at hand', local],
  ['a condition on rows before', looking],
])('with %s', (_, define) => {
  test.each(variants.map((variant, index) => [index, variant] as const))(
    'variant %i',
    (_index, variant) => {
      for (const pattern of patterns(depth)) {
        const shape = shapeOf(pattern, define, variant)
        for (const rows of inputs) {
          const got = found(shape, rows)
          const want = wanted(shape, rows)
          if (JSON.stringify(got, text) === JSON.stringify(want, text)) continue
          expect({ pattern, rows, got }).toEqual({ pattern, rows, got: want })
        }
      }
    },
    600_000,
  )
})

const text = (_: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value)
