/**
 * Fold: expressions of literals become literals, where nothing can fail.
 *
 * How      Bottom-up. Integers, decimals, times and intervals are computed as bigints and kept only if they fit into
 *          the type; what would fail stays as it is, so that it fails when it is evaluated. AND, OR and CASE lose
 *          decided parts.
 * Contract 1 (checked) type unchanged. 2 (trusted) the value is that of the kernels; test/plan/fold.test.ts compares.
 */
import { compareValues, sameType, type Type, type Value } from '../data/index.ts'
import { boolean, exactValue, fits, isExact, literalValue } from './coerce.ts'
import { and, choose, literal, mapChildren, or } from './expression.ts'
import type { Expression } from './logical.ts'

type Literal = Expression & { kind: 'literal' }

export function fold(expression: Expression): Expression {
  const folded = mapChildren(expression, fold)
  switch (folded.kind) {
    case 'call':
      return foldCall(folded)
    case 'and':
      return foldLogic(folded.args, false)
    case 'or':
      return foldLogic(folded.args, true)
    case 'case':
      return foldCase(folded)
    default:
      return folded
  }
}

/** `deciding`: FALSE decides AND, TRUE decides OR; a deciding value drops errors beside it. */
function foldLogic(args: Expression[], deciding: boolean): Expression {
  if (args.some((arg) => isValue(arg, deciding))) return literal(deciding, boolean)
  const open = args.filter((arg) => !isValue(arg, !deciding))
  if (open.length === 0) return literal(!deciding, boolean)
  return deciding ? or(open) : and(open)
}

function isValue(expression: Expression, value: boolean | null): boolean {
  return expression.kind === 'literal' && expression.value === value
}

function foldCase(node: Expression & { kind: 'case' }): Expression {
  const whens = node.whens.filter(({ when }) => !isValue(when, false) && !isValue(when, null))
  const decided = whens.findIndex(({ when }) => isValue(when, true))
  const open = decided < 0 ? whens : whens.slice(0, decided)
  const otherwise = decided < 0 ? node.else : whens[decided]!.then
  return open.length === 0 ? otherwise : choose(open, otherwise, node.type)
}

const strict = new Set([
  'add', 'subtract', 'multiply', 'divide', 'modulo', 'negate', 'abs', 'eq', 'ne', 'lt', 'le', 'gt', 'ge', 'not',
]) // biome-ignore format: one list

function foldCall(node: Expression & { kind: 'call' }): Expression {
  const literals = node.args.filter((arg): arg is Literal => arg.kind === 'literal')
  if (literals.length < node.args.length) return node
  if (strict.has(node.function) && literals.some((arg) => arg.value === null)) {
    return literal(null, node.type)
  }
  const value = evaluate(node.function, literals, node.type)
  return value === undefined ? node : literal(value, node.type)
}

/** The value of a call of literals; undefined where it fails or is left to the kernels. */
function evaluate(name: string, args: Literal[], type: Type): Value | undefined {
  switch (name) {
    case 'is_null':
      return args[0]!.value === null
    case 'is_not_null':
      return args[0]!.value !== null
    case 'is_true':
      return args[0]!.value === true
    case 'is_false':
      return args[0]!.value === false
    case 'not':
      return args[0]!.value !== true
    case 'coalesce': {
      const first = args.find((arg) => arg.value !== null)
      return first === undefined ? null : literalValue(first)
    }
    case 'eq':
    case 'ne':
    case 'lt':
    case 'le':
    case 'gt':
    case 'ge':
      return compare(name, args)
    default:
      return strict.has(name) ? compute(name, args, type) : undefined
  }
}

function compare(name: string, args: Literal[]): boolean | undefined {
  const [a, b] = [args[0]!, args[1]!]
  const sameMicros = ['timestamp', 'time'].includes(a.type.kind) && a.type.kind === b.type.kind
  if (!sameType(a.type, b.type) && !sameMicros) return undefined
  const order = compareValues(literalValue(a), literalValue(b), a.type)
  switch (name) {
    case 'eq':
      return order === 0
    case 'ne':
      return order !== 0
    case 'lt':
      return order < 0
    case 'le':
      return order <= 0
    case 'gt':
      return order > 0
    default:
      return order >= 0
  }
}

function compute(name: string, args: Literal[], type: Type): Value | undefined {
  const counted = (kind: Type) =>
    isExact(kind) || ['interval', 'timestamp', 'months'].includes(kind.kind)
  if (type.kind === 'double') {
    return args.every((arg) => arg.type.kind === 'double') ? computeDouble(name, args) : undefined
  }
  if (!counted(type) || !args.every((arg) => counted(arg.type))) return undefined
  // A month is no number of microseconds.
  if (type.kind !== 'months' && args.some((arg) => arg.type.kind === 'months')) return undefined
  if (name === 'divide' && type.kind === 'decimal') return undefined
  const [a, b] = args.map((arg) => BigInt(literalValue(arg) as bigint | number))
  const value = computeExact(name, a!, b)
  if (value === undefined || !fits(value, type)) return undefined
  return exactValue(value, type)
}

function computeExact(name: string, a: bigint, b: bigint | undefined): bigint | undefined {
  if (b === undefined) return name === 'negate' || a < 0n ? -a : a
  switch (name) {
    case 'add':
      return a + b
    case 'subtract':
      return a - b
    case 'multiply':
      return a * b
    case 'divide':
      return b === 0n ? undefined : a / b
    default:
      return b === 0n ? undefined : a % b
  }
}

function computeDouble(name: string, args: Literal[]): number | undefined {
  const [a, b] = args.map((arg) => literalValue(arg) as number)
  if (b === undefined) return name === 'negate' ? -a! : Math.abs(a!)
  switch (name) {
    case 'add':
      return a! + b
    case 'subtract':
      return a! - b
    case 'multiply':
      return a! * b
    case 'divide':
      return b === 0 ? undefined : a! / b
    default:
      return undefined
  }
}
