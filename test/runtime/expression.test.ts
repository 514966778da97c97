/**
 * Expression: vectors on both back ends against the reference interpreter, on random expressions and on exact
 * arithmetic.
 *
 * How      MILLRACE_EXPRESSIONS sets the number of random expressions, MILLRACE_SEED the first seed. A failure
 *          names its seed.
 */
import { describe, expect, test } from 'vitest'
import { type EvaluationError, seededRandom } from '../../src/base/index.ts'
import {
  columnOf,
  type Field,
  type Row,
  type Type,
  typeText,
  type Value,
  valueAt,
} from '../../src/data/index.ts'
import { Arena, Kernels, loadColumn, unloadColumn, type Vector } from '../../src/kernel/index.ts'
import { call, column, isFallible } from '../../src/plan/expression.ts'
import type { Expression } from '../../src/plan/logical.ts'
import { compileExpressions } from '../../src/runtime/expression.ts'
import { evaluate } from '../oracle/scalar/scalar.ts'
import { type CellRow, Failed } from '../oracle/value.ts'
import { sized } from '../size.ts'
import {
  bigint,
  decimal,
  double,
  integer,
  RandomExpressions,
  timestamp,
  types,
} from './random-expression.ts'

const count = Number(process.env['MILLRACE_EXPRESSIONS'] ?? sized(1600, 20_000))
const firstSeed = Number(process.env['MILLRACE_SEED'] ?? 1)

const fields: Field[] = types.flatMap((type) => [
  { name: `${type.kind}_known`, type, nullable: false },
  { name: `${type.kind}_null`, type, nullable: true },
])

const kernels = {
  wasm: new Kernels(new Arena(), 'wasm'),
  closure: new Kernels(new Arena(), 'closure'),
}

/** Cells as texts that tell −0 from 0 and failures from values. */
function shown(cell: Value | Failed | EvaluationError): string {
  if (cell instanceof Failed) return `! ${cell.code} ${cell.message} ${cell.span?.start}`
  if (cell !== null && typeof cell === 'object') {
    return `! ${cell.code} ${cell.message} ${cell.span?.start}`
  }
  return Object.is(cell, -0) ? '-0' : `${typeof cell} ${cell}`
}

/** Rows of host values into an arena; failed cells as errors of the vector. */
function load(to: Kernels, rows: readonly CellRow[]): Vector[] {
  return fields.map(({ type }, index) => {
    const cells = rows.map((row) => row[index]!)
    const values = cells.map((cell) => (cell instanceof Failed ? null : cell))
    const vector = loadColumn(to, columnOf(type, values), 0, rows.length)
    cells.forEach((cell, row) => {
      if (!(cell instanceof Failed)) return
      vector.errors ??= new Map()
      vector.errors.set(row, { code: cell.code, message: cell.message, span: cell.span })
    })
    return vector
  })
}

function unload(from: Kernels, vector: Vector, type: Type, rows: number): string[] {
  const host = unloadColumn(from, vector, type, rows)
  return Array.from({ length: rows }, (_, row) => {
    const error = vector.errors?.get(row)
    const value = valueAt(host, row)
    if (error === undefined) return shown(value)
    return value === null ? shown(error) : `a failed row has the value ${value}`
  })
}

/** NULL slots hold zeros. */
function expectCleared(from: Kernels, vector: Vector, rows: number): void {
  if (vector.validity === 0) return
  const { u8 } = from.arena.views
  const width = { bits: 0, i64: 8, f64: 8, view: 16 }[vector.physical]
  for (let row = 0; row < rows; row++) {
    if (((u8[vector.validity + (row >>> 3)]! >> (row & 7)) & 1) === 1) continue
    const bytes =
      width === 0
        ? [(u8[vector.data + (row >>> 3)]! >> (row & 7)) & 1]
        : u8.subarray(vector.data + row * width, vector.data + (row + 1) * width)
    expect(bytes.some((byte) => byte !== 0)).toBe(false)
  }
}

function randomRows(make: RandomExpressions, rows: number, failing: boolean): CellRow[] {
  return Array.from({ length: rows }, () =>
    fields.map(({ type, nullable }) => {
      if (!nullable) return make.value(type)
      const chance = make.pick([0, 0, 0, 0, 0, 0, 1, 1, failing ? 2 : 1])
      if (chance === 2) return new Failed('overflow', 'out of the input', { start: 999, end: 999 })
      return chance === 1 ? null : make.value(type)
    }),
  )
}

describe('differential: random expressions equal the reference interpreter on both back ends', () => {
  const perSeed = 20
  const seeds = Math.ceil(count / perSeed)
  const chunks = 8
  for (let chunk = 0; chunk < chunks; chunk++) {
    test(`part ${chunk + 1} of ${chunks}`, { timeout: 600_000 }, () => {
      for (let index = chunk; index < seeds; index += chunks) checkSeed(firstSeed + index, perSeed)
    })
  }
})

function checkSeed(seed: number, expressionsPerSeed: number): void {
  const random = seededRandom(seed)
  const make = new RandomExpressions(random, fields, [0, 2, 40][random.below(3)]!)
  const rows = random.below(40)
  const failing = random.below(4) === 0
  const input = randomRows(make, rows, failing)
  const expressions = Array.from({ length: expressionsPerSeed }, () =>
    make.of(make.type(), 1 + random.below(3)),
  )
  const wanted = expressions.map((expression) =>
    input.map((row) => shown(evaluate(expression, row))),
  )
  for (const one of Object.values(kernels)) {
    const evaluator = compileExpressions(one, expressions, { vectorSize: 16 })
    const columns = load(one, input)
    // Twice, so that what a run leaves behind shows.
    for (const vectors of [evaluator.run(columns, rows), evaluator.run(columns, rows)]) {
      for (const [index, vector] of vectors.entries()) {
        const expression = expressions[index]!
        const context = {
          seed,
          index,
          backend: one.backend,
          expression: JSON.stringify(expression),
        }
        const got = unload(one, vector, expression.type, rows)
        expect({ ...context, values: got }).toEqual({ ...context, values: wanted[index]! })
        expectCleared(one, vector, rows)
        if (!failing && !isFallible(expression))
          expect({ ...context, errors: vector.errors }).toEqual({ ...context, errors: null })
      }
    }
    evaluator.free()
    one.arena.resetScratch()
  }
}

describe('differential: arithmetic is exact', () => {
  const edges = [
    0n, 1n, -1n, 2n, 3n, -7n, 10n, 46341n, -46341n, 2n ** 31n - 1n, -(2n ** 31n), 3_037_000_499n,
    3_037_000_500n, -3_037_000_500n, 2n ** 62n, 2n ** 63n - 1n, -(2n ** 63n), 4_294_967_296n,
  ] // biome-ignore format: one list
  const exact: Record<string, (a: bigint, b: bigint) => bigint | null> = {
    add: (a, b) => a + b,
    subtract: (a, b) => a - b,
    multiply: (a, b) => a * b,
    divide: (a, b) => (b === 0n ? null : a / b),
    modulo: (a, b) => (b === 0n ? null : a % b),
  }
  for (const type of [integer, bigint]) {
    const bits = type.kind === 'integer' ? 32 : 64
    const values = edges.filter((edge) => BigInt.asIntN(bits, edge) === edge)
    const pairs = values.flatMap((a) => values.map((b) => [a, b] as const))
    const host = (value: bigint) => (bits === 32 ? Number(value) : value)
    const columns = [0, 1].map((side) =>
      columnOf(
        type,
        pairs.map((pair) => host(pair[side]!)),
      ),
    )
    for (const [name, compute] of Object.entries(exact)) {
      for (const one of Object.values(kernels)) {
        test(`${name} of ${typeText(type)} on ${one.backend}`, () => {
          const expression = call(
            name,
            [0, 1].map((index) => column(index, { type, nullable: false })),
            type,
          )
          const evaluator = compileExpressions(one, [expression], { vectorSize: 64 })
          const inputs = columns.map((values) => loadColumn(one, values, 0, pairs.length))
          const got = unload(one, evaluator.run(inputs, pairs.length)[0]!, type, pairs.length)
          const wanted = pairs.map(([a, b]) => {
            const result = compute(a, b)
            if (result === null) return '! division_by_zero division by zero undefined'
            if (BigInt.asIntN(bits, result) !== result)
              return `! overflow ${type.kind} out of range undefined`
            return shown(host(result))
          })
          expect(got).toEqual(wanted)
          evaluator.free()
        })
      }
    }
  }
})

describe('a failure counts only where its value is used', () => {
  const zero: Expression = { kind: 'literal', value: 0, type: integer, nullable: false }
  const value = column(0, { type: integer, nullable: true })
  const fails = call('divide', [value, zero], integer, { start: 3, end: 8 })
  const isNull = call('is_null', [value], { kind: 'boolean' })
  const rows: Row[] = [[1], [null], [2]]
  const cases: [string, Expression, string[]][] = [
    [
      'NULL does not fail',
      fails,
      [
        '! division_by_zero division by zero 3',
        'object null',
        '! division_by_zero division by zero 3',
      ],
    ],
    [
      'COALESCE stops at a value',
      call('coalesce', [value, fails, zero], integer),
      ['number 1', 'number 0', 'number 2'],
    ],
    [
      'COALESCE stops at a failure',
      call('coalesce', [fails, value], integer),
      [
        '! division_by_zero division by zero 3',
        'object null',
        '! division_by_zero division by zero 3',
      ],
    ],
    [
      'CASE drops what it does not choose',
      {
        kind: 'case',
        whens: [{ when: isNull, then: fails }],
        else: value,
        type: integer,
        nullable: true,
        fallible: true,
      },
      ['number 1', 'object null', 'number 2'],
    ],
    [
      'FALSE AND a failure is FALSE',
      {
        kind: 'and',
        args: [call('gt', [fails, zero], { kind: 'boolean' }), isNull],
        type: { kind: 'boolean' },
        nullable: true,
        fallible: true,
      },
      ['boolean false', 'object null', 'boolean false'],
    ],
  ]
  for (const [name, expression, wanted] of cases) {
    for (const one of Object.values(kernels)) {
      test(`${name}, on ${one.backend}`, () => {
        const evaluator = compileExpressions(one, [expression], { vectorSize: 8 })
        const input = loadColumn(
          one,
          columnOf(
            integer,
            rows.map((row) => row[0]!),
          ),
          0,
          rows.length,
        )
        expect(
          unload(one, evaluator.run([input], rows.length)[0]!, expression.type, rows.length),
        ).toEqual(wanted)
      })
    }
  }
})

test('an evaluator gives all its memory back and grows with its batches', () => {
  for (const one of Object.values(kernels)) {
    one.arena.resetScratch()
    const before = one.arena.liveBytes
    const make = new RandomExpressions(seededRandom(7), fields)
    const expressions = types.map((type) => make.of(type, 3))
    const evaluator = compileExpressions(one, expressions, { vectorSize: 8 })
    for (const rows of [3, 700, 1, 1500]) {
      const input = randomRows(new RandomExpressions(seededRandom(rows), fields), rows, false)
      const vectors = evaluator.run(load(one, input), rows)
      for (const [index, vector] of vectors.entries()) {
        const { type } = expressions[index]!
        const wanted = input.map((row) => shown(evaluate(expressions[index]!, row)))
        expect(unload(one, vector, type, rows)).toEqual(wanted)
      }
    }
    evaluator.free()
    // Scratch chunks stay with the arena.
    one.arena.resetScratch()
    const scratch = one.arena.liveBytes - before
    expect(scratch % 262_144).toBe(0)
  }
})

test('casts between DECIMAL and DOUBLE keep what they can', () => {
  const cases: [Value, Type, Type, string][] = [
    [123456789012345678n, decimal(18, 4), double, 'number 12345678901234.568'],
    [1.005, double, decimal(5, 2), 'bigint 100'],
    [-2.5, double, integer, 'number -2'],
    [3.5, double, bigint, 'bigint 4'],
    [250n, decimal(5, 2), integer, 'number 3'],
    [-250n, decimal(5, 2), integer, 'number -3'],
    [1_999_999n, timestamp(6), timestamp(3), 'bigint 1999000'],
    [-1n, timestamp(6), timestamp(3), 'bigint -1000'],
  ]
  for (const [value, from, to, wanted] of cases) {
    for (const one of Object.values(kernels)) {
      const expression = call('cast', [column(0, { type: from, nullable: false })], to)
      const evaluator = compileExpressions(one, [expression], { vectorSize: 8 })
      const input = loadColumn(one, columnOf(from, [value]), 0, 1)
      expect(unload(one, evaluator.run([input], 1)[0]!, to, 1)).toEqual([wanted])
    }
  }
})
