/**
 * Measure: what a cell keeps for one aggregate, and how its value is read.
 *
 * How      1. What nearly every row changes lies in the cell; the rest of a sum (overflows, or the third double and the
 *             address of a wide part) and counters lie in its cold part, which few cells have.
 *          2. Rows that do not count (NULL argument, FILTER not TRUE) are counted in `excluded`, so that an aggregate
 *             over a column without NULLs costs nothing beyond its accumulator: the number of values is
 *             rows − excluded. DISTINCT measures count their values themselves.
 * Contract 1 (checked) the value depends on the multiset of rows alone.
 */
import type { Code, Span } from '../base/index.ts'
import { physicalOf, type Type, typeText } from '../data/index.ts'
import { cellBlocks, type Kernels, type RowErrors, sumOf, type Vector } from '../kernel/index.ts'
import { exactRestBytes, exactSumBytes, isWide, readWide } from './exact-sum.ts'

export interface Measure {
  function: 'count_star' | 'count' | 'sum' | 'avg' | 'min' | 'max' | 'collect'
  argument: Type | null
  distinct: boolean
  result: Type
  span?: Span | undefined
  /** Every row counts: there is no filter and the argument is never NULL. Saves 8 B per cold part. */
  everyRow?: boolean | undefined
}

/** Where a measure's fields lie in the cell or in its cold part; 0 = it has none. */
export interface MeasureFields {
  measure: Measure
  /** In the cold part, i64: rows that do not count. */
  excluded: number
  /** i64: distinct values. */
  values: number
  /** The accumulator. */
  state: number
  /** In the cold part: the rest of a sum. */
  rest: number
  form: StateForm
}

/**
 * Form of the accumulator; `list` keeps its extreme in the form below and a list beside it. With `collects` a text of
 * all values of the list, which belongs to the cell, stands in place of the extreme.
 */
type StateForm =
  | { kind: 'none' }
  | { kind: 'sum'; of: 'i64' | 'f64' }
  | { kind: 'extreme'; of: 'i64' | 'f64' | 'view'; sign: -1 | 1; list: boolean; collects?: true }

function isDistinct({ distinct, function: name }: Measure): boolean {
  // MIN and MAX do not mind repetition.
  return distinct && name !== 'min' && name !== 'max' && name !== 'collect' && name !== 'count_star'
}

/** Gives each measure its fields, from `start` on in the cell. */
export function measureFields(
  measures: readonly Measure[],
  start: number,
  retracts: boolean,
): { fields: MeasureFields[]; end: number; coldBytes: number } {
  let end = start
  let coldBytes: number = cellBlocks.cold.rest
  const take = (bytes: number) => {
    end += bytes
    return end - bytes
  }
  const takeCold = (bytes: number) => {
    coldBytes += bytes
    return coldBytes - bytes
  }
  const fields = measures.map((measure): MeasureFields => {
    const distinct = isDistinct(measure)
    const form = stateForm(measure, retracts)
    return {
      measure,
      form,
      excluded: distinct || measure.everyRow === true ? 0 : takeCold(8),
      values: distinct ? take(8) : 0,
      state: form.kind === 'none' ? 0 : take(stateBytes(form)),
      rest: form.kind === 'sum' ? takeCold(form.of === 'f64' ? exactRestBytes : 8) : 0,
    }
  })
  return { fields, end, coldBytes }
}

function stateForm({ function: name, argument }: Measure, retracts: boolean): StateForm {
  if (argument === null || name === 'count' || name === 'count_star') return { kind: 'none' }
  if (name === 'collect')
    return { kind: 'extreme', of: 'view', sign: 1, list: true, collects: true }
  const physical = physicalOf(argument)
  if (name === 'sum' || name === 'avg')
    return { kind: 'sum', of: physical === 'f64' ? 'f64' : 'i64' }
  const of = physical === 'bits' ? 'i64' : physical
  return { kind: 'extreme', of, sign: name === 'min' ? -1 : 1, list: retracts }
}

function stateBytes(form: StateForm): number {
  if (form.kind === 'sum') return form.of === 'f64' ? exactSumBytes : 8
  if (form.kind === 'none') return 0
  return (form.of === 'view' ? 16 : 8) + (form.list ? 8 : 0)
}

/** Offset of the list's address behind the extreme. */
export function listAt(fields: MeasureFields): number {
  return fields.state + (fields.form.kind === 'extreme' && fields.form.of === 'view' ? 16 : 8)
}

/** Where a sum lies, as kernels take it. */
export function placeOfSum({ state, rest }: MeasureFields): number {
  return state | (rest << 16)
}

/** Writes what the accumulator of a new cell holds. */
export function startMeasure(kernels: Kernels, row: number, fields: MeasureFields): void {
  const { form } = fields
  if (form.kind !== 'extreme') return
  const { u32, i64 } = kernels.arena.views
  const at = row + fields.state
  if (form.of === 'view') u32[at >>> 2] = cellBlocks.noView
  else i64[at >>> 3] = form.sign < 0 ? 2n ** 63n - 1n : -(2n ** 63n)
}

/** The measure's values in the rows at `addresses`, in scratch memory. */
export function readMeasure(
  kernels: Kernels,
  fields: MeasureFields,
  addresses: number,
  count: number,
): Vector {
  const counts = readCounts(kernels, fields, addresses, count)
  if (fields.form.kind === 'none')
    return { physical: 'i64', data: counts, validity: 0, errors: null }
  const { arena } = kernels
  const bits = arena.scratch((count + 63) >> 3)
  const nulls = kernels.get('cell_read_some')(counts, count, bits)
  const validity = nulls === 0 ? 0 : bits
  if (fields.form.kind === 'extreme')
    return readExtreme(kernels, fields, { addresses, count, validity })
  if (fields.measure.function === 'avg') {
    return readAverage(kernels, fields, { addresses, count, counts, validity })
  }
  const data = arena.scratch(count * 8)
  if (fields.form.of === 'f64') {
    readDoubles(kernels, fields, { addresses, count, data })
    return { physical: 'f64', data, validity, errors: null }
  }
  const failed = arena.scratch(count * 4)
  const decimal = fields.measure.result.kind === 'decimal' ? 1 : 0
  const read = kernels.get('cell_read_sum_i64')
  const failures = read(addresses, count, placeOfSum(fields), decimal, data, failed)
  if (failures === 0) return { physical: 'i64', data, validity, errors: null }
  const errors: RowErrors = new Map()
  const { u8, u32 } = arena.views
  for (let index = 0; index < failures; index++) {
    const row = u32[(failed >>> 2) + index]!
    u8[bits + (row >> 3)]! &= ~(1 << (row & 7))
    errors.set(row, overflow(fields.measure))
  }
  return { physical: 'i64', data, validity: bits, errors }
}

function overflow({ result, span }: Measure): {
  code: Code
  message: string
  span?: Span | undefined
} {
  const type = result.kind === 'decimal' ? typeText(result) : 'BIGINT'
  return { code: 'overflow', message: `the sum does not fit into ${type}`, span }
}

/** Numbers of values that count, as i64. */
function readCounts(
  kernels: Kernels,
  { values, excluded }: MeasureFields,
  addresses: number,
  count: number,
): number {
  const counts = kernels.arena.scratch(count * 8)
  if (values !== 0) kernels.get('cell_read_8')(addresses, count, values, counts)
  else kernels.get('cell_read_count')(addresses, count, excluded, counts)
  return counts
}

function readExtreme(
  kernels: Kernels,
  { form, state, measure }: MeasureFields,
  { addresses, count, validity }: { addresses: number; count: number; validity: number },
): Vector {
  const { arena } = kernels
  const of = form.kind === 'extreme' ? form.of : 'i64'
  const bytes = of === 'view' ? 16 : 8
  const physical = physicalOf(measure.result)
  if (physical === 'bits') {
    const data = arena.scratch((count + 63) >> 3)
    kernels.get('cell_read_bits')(addresses, count, state, data)
    if (validity !== 0) {
      const { u8 } = arena.views
      for (let at = 0; at < (count + 7) >> 3; at++) u8[data + at]! &= u8[validity + at]!
    }
    return { physical, data, validity, errors: null }
  }
  const data = arena.scratch(count * bytes)
  kernels.get(`cell_read_${bytes}`)(addresses, count, state, data)
  if (of === 'f64') {
    kernels.get('cell_order_f64')(data, count, data, 1)
    // A change from −0 to 0 is none, so what is told later must not tell them apart.
    kernels.get('unsign_f64')(data, data, count)
  }
  if (validity !== 0) kernels.get('cell_blank')(data, count, validity, bytes)
  return { physical, data, validity, errors: null }
}

function readDoubles(
  kernels: Kernels,
  fields: MeasureFields,
  { addresses, count, data }: { addresses: number; count: number; data: number },
): void {
  const unsure = kernels.get('cell_read_sum_f64')(addresses, count, placeOfSum(fields), data)
  if (unsure === 0) return
  const { u32, f64 } = kernels.arena.views
  for (let index = 0; index < count; index++) {
    const sum = { cell: u32[(addresses >>> 2) + index]!, ...fields }
    const place = (data >>> 3) + index
    if (isWide(kernels, sum) || f64[place] === Number.POSITIVE_INFINITY)
      f64[place] = readWide(kernels, sum)
  }
}

function readAverage(
  kernels: Kernels,
  fields: MeasureFields,
  rows: { addresses: number; count: number; counts: number; validity: number },
): Vector {
  const { arena } = kernels
  const { form, measure } = fields
  const { addresses, count, counts, validity } = rows
  const data = arena.scratch(count * 8)
  if (measure.result.kind === 'interval') {
    const { i64, u32 } = arena.views
    for (let index = 0; index < count; index++) {
      const divisor = i64[(counts >>> 3) + index]!
      const sum = sumOf(arena, u32[(addresses >>> 2) + index]!, placeOfSum(fields))
      i64[(data >>> 3) + index] = divisor > 0n ? sum / divisor : 0n
    }
    return { physical: 'i64', data, validity, errors: null }
  }
  if (form.kind === 'sum' && form.of === 'f64')
    readDoubles(kernels, fields, { addresses, count, data })
  else kernels.get('cell_read_sum_wide')(addresses, count, placeOfSum(fields), data)
  const scale = measure.argument?.kind === 'decimal' ? measure.argument.scale : 0
  kernels.get('cell_average')(data, counts, count, scale)
  return { physical: 'f64', data, validity, errors: null }
}
