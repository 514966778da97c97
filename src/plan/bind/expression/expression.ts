/**
 * BindExpression: a syntax tree of an expression becomes a typed expression over the columns of a scope.
 *
 * How      One function per kind of tree node, children first; coercions of operator.ts and function.ts. Aggregate
 *          calls go to the collector of the clause, if the clause takes them.
 */
import type { NamedWindow, Expression as Tree } from '../../../../grammar/index.ts'
import type { Span } from '../../../base/index.ts'
import { schemas } from '../../../catalog/index.ts'
import { isWhole, isWide, membersOf, sameType, type Type, typeText } from '../../../data/index.ts'
import {
  bigint,
  boolean,
  castCall,
  coerce,
  cutFor,
  double,
  integer,
  isAdaptable,
  isCastable,
  isNumeric,
  isSpan,
  nullType,
  readText,
  varchar,
} from '../../coerce.ts'
import {
  and,
  branch,
  call,
  choose,
  columnsOf,
  literal,
  or,
  patternMistake,
} from '../../expression.ts'
import type { Expression } from '../../logical.ts'
import { type Binding, fail, planSpan, unsupported } from '../binding.ts'
import { bindPatternCall, type PatternCalls } from '../match-call.ts'
import { type Beneath, bindInside, inRows } from '../nested/inside.ts'
import type { Scalars } from '../nested/scalar.ts'
import { bindArithmetic, bindComparison, comparisonOf, type Pair } from '../operator.ts'
import { type BoundOver, bindOver, refuseBare } from '../over.ts'
import { columnsNamed, findColumn, type Scope } from '../scope.ts'
import { bindGroupingCall } from '../select/grouping.ts'
import { bindWindowPart, type GroupWindow } from '../window.ts'
import {
  type Aggregates,
  addAggregate,
  addPeriods,
  addWide,
  aggregateTypes,
  type BoundAggregate,
  isAggregateName,
} from './aggregate.ts'
import {
  bindBoxed,
  boxed,
  isStruct,
  refuseStructs,
  structAs,
  structText,
  unboxed,
} from './boxed.ts'
import { bindBits, bindCalled, type Places } from './called.ts'
import { checkConstants } from './constant.ts'
import { bindDistinctWide, isDerivedAggregate } from './derived-aggregate.ts'
import { withoutArray } from './element.ts'
import { asText, bindExtract, bindFunction, branchType, coerceCondition } from './function.ts'
import { bindJson } from './json.ts'
import { bindLambda } from './lambda.ts'
import { intervalLiteral, numberLiteral, parameterLiteral } from './literal.ts'
import { bindArrayConcat, bindNested, memberOrValue } from './nested.ts'
import { bindRandom, isRandom } from './random.ts'
import { bindRowOffset, isRowName, type Numbered } from './row-offset.ts'
import { bindSqlCall, functionCalled } from './sql-function.ts'
import {
  chooseStruct,
  columnOf,
  refuseStruct,
  structEquality,
  structOf,
  structSameness,
} from './struct.ts'
import { bindStructAggregate } from './struct-aggregate.ts'
import { castStruct, structOrder } from './struct-order.ts'
import { readStruct } from './struct-text.ts'
import { bindType } from './type-name.ts'
import { bindUserAggregate, bindUserCall, type UserMade } from './user-function.ts'
import { bindWatermarkCall, type Marked } from './watermark.ts'

/** Where an expression stands. */
export interface Env {
  binding: Binding
  scope: Scope
  /** For messages: `WHERE`, `GROUP BY`, `an aggregate`. */
  clause: string
  /** Where aggregate calls go; null where none may stand. */
  aggregates: Aggregates | null
  /** Where calls with OVER go; left out where none may stand. */
  overs?: BoundOver[]
  /** The WINDOW clause. */
  windows?: readonly NamedWindow[] | undefined
  /** Where aggregates go that stand in the arguments of an aggregate with OVER. */
  below?: Aggregates | null
  /** The window of GROUP BY. */
  window?: GroupWindow | null
  /** What CURRENT_WATERMARK may read; left out where nothing was prepared for it. */
  marked?: Marked | null
  /** The same for ROW_OFFSET() and EVENT_ID(). */
  numbered?: Numbered | null
  /** Where the row stands, for RANDOM(): null where it may be taken back, left out where nothing is drawn. */
  place?: Expression | null | undefined
  /** The calls of MATCH_RECOGNIZE; left out where none may stand. */
  pattern?: PatternCalls
  /** Columns of the query around a subquery, found where the scope has none of that name. */
  outer?: Scope
  /** Does TRY stand around? */
  tried?: boolean
  /** How many functions of elements stand around. */
  lambdas?: number
  /** Where queries go; absent where none may stand. */
  scalars?: Scalars
  /** Where queries go that stand below the aggregate; absent where there is none. */
  beneath?: Beneath
}

export function bindExpression(env: Env, tree: Tree): Expression {
  return refuseStruct(bindValue(env, tree), tree.span)
}

/** An expression that may be a STRUCT: see struct.ts. */
export function bindValue(env: Env, tree: Tree): Expression {
  const bound = bindNode(env, tree)
  env.binding.spans.set(bound, tree.span)
  return bound
}

/** A condition: BOOLEAN. */
export function bindCondition(env: Env, tree: Tree): Expression {
  return coerceCondition(bindExpression(env, tree), tree.span, env.clause)
}

function bindNode(env: Env, tree: Tree): Expression {
  switch (tree.kind) {
    case 'number':
      return numberLiteral(tree.text, tree.span)
    case 'string':
      return literal(tree.value, varchar)
    case 'boolean':
      return literal(tree.value, boolean)
    case 'default':
      return fail('syntax', 'DEFAULT stands alone in VALUES of INSERT and in SET', tree.span)
    case 'null':
      return literal(null, nullType)
    case 'interval':
      return intervalLiteral(tree)
    case 'typed-literal':
      return bindTypedLiteral(env, tree)
    case 'parameter':
      return parameterLiteral(env.binding, tree)
    case 'column': {
      const inner = env.outer === undefined || columnsNamed(env.scope, tree.path).length > 0
      const scope = inner ? env.scope : env.outer!
      return columnOf(env.binding, scope, findColumn(scope, tree.path, tree.span))
    }
    case 'member':
      return memberOrValue(env.binding, bindValue(env, tree.operand), tree)
    case 'lambda':
      return fail('syntax', '-> stands in functions of elements only: LIST_TRANSFORM …', tree.span)
    case 'star':
      return fail('syntax', '* stands in the select list and in count(*) only', tree.span)
    case 'call':
      return bindCall(env, tree)
    case 'over':
      return bindOver(env, tree)
    default:
      return bindOperator(env, tree)
  }
}

type OperatorTree = Exclude<
  Tree,
  {
    kind:
      | 'number'
      | 'string'
      | 'boolean'
      | 'default'
      | 'null'
      | 'interval'
      | 'typed-literal'
      | 'parameter'
      | 'column'
      | 'member'
      | 'lambda'
      | 'star'
      | 'call'
      | 'over'
  }
>

function bindOperator(env: Env, tree: OperatorTree): Expression {
  switch (tree.kind) {
    case 'unary':
      return bindUnary(env, tree)
    case 'binary':
      return bindBinary(env, tree)
    case 'is-null': {
      if (tree.operand.kind === 'row') {
        const parts = tree.operand.items.map((operand) => bindValue(env, { ...tree, operand }))
        return and(parts)
      }
      const operand = typedOperand(env, tree.operand)
      return call(tree.negated ? 'is_not_null' : 'is_null', [operand], boolean)
    }
    case 'is-boolean': {
      const operand = coerceCondition(bindExpression(env, tree.operand), tree.operand.span, 'IS')
      if (tree.value === null) {
        return call(tree.negated ? 'is_not_null' : 'is_null', [operand], boolean)
      }
      const test = call(tree.value ? 'is_true' : 'is_false', [operand], boolean)
      return tree.negated ? not(test) : test
    }
    case 'is-distinct': {
      if (isRow(tree.left) || isRow(tree.right)) {
        const same = and(bindRowPairs(env, tree.left, tree.right, tree.span, 'is_not_distinct'))
        return tree.negated ? same : not(same)
      }
      const same = ofStructs(env, tree, structSameness)
      if (same !== null) return tree.negated ? same : not(same)
      const name = tree.negated ? 'is_not_distinct' : 'is_distinct'
      return bindComparison(name, bindPair(env, tree), 'IS DISTINCT FROM')
    }
    case 'between':
      return bindBetween(env, tree)
    case 'in':
      return bindIn(env, tree)
    case 'like':
      return bindLike(env, tree)
    case 'in-query':
    case 'exists':
    case 'quantified':
    case 'subquery':
      return bindInside(env, tree)
    case 'row':
      return unsupported('a row value in this place', tree.span, 'write ROW(…) for a STRUCT')
    case 'case':
      return bindCase(env, tree)
    case 'cast':
      return bindCast(env, tree)
    case 'extract': {
      const operand = bindExpression(env, tree.operand)
      const span = planSpan(env.binding, tree.span)
      if (tree.unit === 'ISODOW' || tree.unit === 'DAYOFWEEK') {
        const name = tree.unit.toLowerCase()
        const argSpans = [tree.operand.span]
        return bindFunction({ name, args: [operand], argSpans, span: tree.span, planSpan: span })
      }
      return bindExtract(tree.unit.toLowerCase(), operand, tree.operand.span, span)
    }
  }
}

function not(operand: Expression): Expression {
  return call('not', [operand], boolean)
}

/** An operand whose type does not matter, but which must have one. */
function typedOperand(env: Env, tree: Tree): Expression {
  const operand = bindValue(env, tree)
  return operand.type.kind === 'null' ? coerce(operand, varchar) : operand
}

function bindTypedLiteral(env: Env, tree: Tree & { kind: 'typed-literal' }): Expression {
  const type = bindType(env.binding, tree.type)
  const value = readText(tree.text, type)
  if (value !== undefined) return literal(value, type)
  return fail('invalid_literal', `'${tree.text}' is no ${typeText(type)}`, tree.span)
}

function bindUnary(env: Env, tree: Tree & { kind: 'unary' }): Expression {
  if (tree.operator === '~') {
    return bindBits('~', [bindExpression(env, tree.operand)], operandsOf(env, tree, [tree.operand]))
  }
  if (tree.operator === '@') {
    const args = [bindExpression(env, tree.operand)]
    return bindFunction({ name: 'abs', args, ...operandsOf(env, tree, [tree.operand]) })
  }
  if (tree.operator === 'NOT') {
    const operand = bindExpression(env, tree.operand)
    return not(coerceCondition(operand, tree.operand.span, 'NOT'))
  }
  if (tree.operator === '-' && tree.operand.kind === 'number') {
    return numberLiteral(`-${tree.operand.text}`, tree.span)
  }
  const bound = bindExpression(env, tree.operand)
  const operand = bound.type.kind === 'null' ? coerce(bound, integer) : bound
  if (!isNumeric(operand.type) && !isSpan(operand.type)) {
    const message = `${tree.operator} does not take ${typeText(operand.type)}`
    fail('type_mismatch', message, tree.operand.span)
  }
  if (tree.operator === '+') return operand
  return call('negate', [operand], operand.type, planSpan(env.binding, tree.span))
}

/** Where an operator and its operands stand. */
function operandsOf(env: Env, tree: Tree, operands: readonly Tree[]): Places {
  return {
    argSpans: operands.map(({ span }) => span),
    span: tree.span,
    planSpan: planSpan(env.binding, tree.span),
  }
}

function bindPair(env: Env, tree: { left: Tree; right: Tree; span: Span }, bind = bindExpression) {
  return {
    left: bind(env, tree.left),
    right: bind(env, tree.right),
    leftSpan: tree.left.span,
    rightSpan: tree.right.span,
    span: tree.span,
    planSpan: planSpan(env.binding, tree.span),
  }
}

function bindBinary(env: Env, tree: Tree & { kind: 'binary' }): Expression {
  if (tree.operator === 'AND' || tree.operator === 'OR') {
    const sides = [tree.left, tree.right].map((side) =>
      coerceCondition(bindExpression(env, side), side.span, tree.operator),
    )
    return tree.operator === 'AND' ? and(sides) : or(sides)
  }
  if (isRow(tree.left) || isRow(tree.right)) return bindRows(env, tree)
  if (tree.operator === '=' || tree.operator === '<>') {
    const equal = ofStructs(env, tree, structEquality)
    if (equal !== null) return tree.operator === '=' ? equal : not(equal)
  }
  if (/^[<>]=?$/.test(tree.operator)) {
    const ordered = ofStructs(env, tree, structOrder(comparisonOf(tree.operator)))
    if (ordered !== null) return ordered
  }
  const pair = bindPair(env, tree, tree.operator === '||' ? bindValue : bindExpression)
  if (tree.operator === '||') {
    const arrays = bindArrayConcat(env.binding, pair)
    if (arrays !== null) return arrays
    const args = [pair.left, pair.right].map((side) => asText(structText(env.binding, side)))
    if (pair.left.type.kind !== 'varchar' && pair.right.type.kind !== 'varchar') {
      const [left, right] = [typeText(pair.left.type), typeText(pair.right.type)]
      fail('type_mismatch', `|| does not take ${left} and ${right}`, tree.span)
    }
    return call('concat_strict', args, varchar, pair.planSpan)
  }
  if (tree.operator === '//') return bindWholeQuotient(pair)
  if (tree.operator === '/' && env.binding.dialect === 'duckdb') {
    return bindArithmetic('/', asDoubles(pair))
  }
  if ('+-*/%'.includes(tree.operator)) return bindArithmetic(tree.operator, pair)
  const called = bindCalled(tree.operator, [pair.left, pair.right], {
    argSpans: [pair.leftSpan, pair.rightSpan],
    span: pair.span,
    planSpan: pair.planSpan,
  })
  if (called !== null) return called
  return bindComparison(comparisonOf(tree.operator), pair, tree.operator)
}

const isRow = (tree: Tree): tree is Tree & { kind: 'row' } => tree.kind === 'row'

/** Row values: `(a, b) = (c, d)` value by value, `<` and its like by the first values that differ. */
function bindRows(env: Env, tree: Tree & { kind: 'binary' }): Expression {
  const { left, right, operator, span } = tree
  if (operator === '=' || operator === '<>') {
    const equal = and(bindRowPairs(env, left, right, span))
    return operator === '=' ? equal : not(equal)
  }
  if (!/^[<>]=?$/.test(operator)) {
    fail('type_mismatch', `${operator} does not take row values`, span)
  }
  return rowOrder(env, { left, right, span }, comparisonOf(operator))
}

/** `a < c OR a = c AND (b < d OR …)`; `name` compares the last pair, and strictly all others. */
function rowOrder(
  env: Env,
  { left, right, span }: { left: Tree; right: Tree; span: Span },
  name: string,
): Expression {
  const last = bindRowPairs(env, left, right, span, name)
  const strict = bindRowPairs(env, left, right, span, name.startsWith('l') ? 'lt' : 'gt')
  const equal = bindRowPairs(env, left, right, span)
  return last.reduceRight((rest, own, index) =>
    index === last.length - 1 ? own : or([strict[index]!, and([equal[index]!, rest])]),
  )
}

/** The comparisons of two rows, pair by pair; a value stands for a row of one. */
function bindRowPairs(env: Env, left: Tree, right: Tree, span: Span, name = 'eq'): Expression[] {
  const [a, b] = [left, right].map((side) => (side.kind === 'row' ? side.items : [side]))
  if (a!.length !== b!.length) {
    if ([left, right].some(({ kind }) => kind === 'subquery')) {
      const hint = 'write (a, b) IN (SELECT a, b …), of a query with one row'
      unsupported('a row compared with the row of a query', span, hint)
    }
    fail('type_mismatch', `rows of ${a!.length} and ${b!.length} values are compared`, span)
  }
  return a!.map((item, index) =>
    bindComparison(name, bindPair(env, { left: item, right: b![index]!, span }), 'a comparison'),
  )
}

/** A comparison of two structs; null where there are none. */
function ofStructs(
  env: Env,
  tree: { left: Tree; right: Tree; span: Span },
  compare: typeof structEquality,
): Expression | null {
  const named = (side: Tree) => side.kind === 'column' || /^(member|call|cast)$/.test(side.kind)
  if (!named(tree.left) || !named(tree.right)) return null
  const { scalars } = env
  const [joins, width] = [scalars?.joins.length ?? 0, scalars?.width ?? 0]
  const sides = [tree.left, tree.right].map((side) => bindValue(env, side))
  const compared = compare(env.binding, sides[0]!, sides[1]!, tree.span)
  if (compared === null && scalars !== undefined && scalars !== env.beneath) {
    // They are bound again as plain values, with their queries.
    scalars.joins.length = joins
    scalars.width = width
  }
  return compared
}

/** `//` of whole numbers cuts, whatever the dialect says of `/`. */
function bindWholeQuotient(pair: Pair): Expression {
  const [left, right] = [pair.left, pair.right].map((e) => isWhole(e.type) || isAdaptable(e))
  if (left && right) return bindArithmetic('/', pair)
  const types = `${typeText(pair.left.type)} and ${typeText(pair.right.type)}`
  return fail('type_mismatch', `// does not take ${types}`, pair.span, 'it divides whole numbers')
}

/** Whole numbers as doubles; any others as they are. */
function asDoubles(pair: Pair): Pair {
  if (!isWhole(pair.left.type) || !isWhole(pair.right.type)) return pair
  const [left, right] = [coerce(pair.left, double), coerce(pair.right, double)]
  return { ...pair, left, right }
}

function bindBetween(env: Env, tree: Tree & { kind: 'between' }): Expression {
  if ([tree.operand, tree.low, tree.high].some(isRow)) return betweenRows(env, tree)
  const ofStruct = (right: Tree, name: string) =>
    ofStructs(env, { left: tree.operand, right, span: tree.span }, structOrder(name))
  const isOfStructs = ofStruct(tree.low, 'ge') !== null
  const operand = isOfStructs ? null : bindExpression(env, tree.operand)
  const bound = (side: Tree, name: string) => {
    if (operand === null) {
      return ofStruct(side, name) ?? refuseStruct(bindValue(env, tree.operand), tree.operand.span)
    }
    const pair: Pair = {
      left: operand,
      right: bindExpression(env, side),
      leftSpan: tree.operand.span,
      rightSpan: side.span,
      span: tree.span,
      planSpan: planSpan(env.binding, tree.span),
    }
    return bindComparison(name, pair, 'BETWEEN')
  }
  const inside = and([bound(tree.low, 'ge'), bound(tree.high, 'le')])
  const either = tree.symmetric
    ? or([inside, and([bound(tree.high, 'ge'), bound(tree.low, 'le')])])
    : inside
  return tree.negated ? not(either) : either
}

function betweenRows(env: Env, tree: Tree & { kind: 'between' }): Expression {
  const { operand: left, low, high, span } = tree
  const within = (least: Tree, most: Tree) =>
    and([
      rowOrder(env, { left, right: least, span }, 'ge'),
      rowOrder(env, { left, right: most, span }, 'le'),
    ])
  const inside = tree.symmetric ? or([within(low, high), within(high, low)]) : within(low, high)
  return tree.negated ? not(inside) : inside
}

/** A list of literals is one `in`; any other list is a chain of comparisons. */
function bindIn(env: Env, tree: Tree & { kind: 'in' }): Expression {
  if (tree.operand.kind === 'row') {
    const { operand } = tree
    const rows = or(tree.list.map((item) => and(bindRowPairs(env, operand, item, item.span))))
    return tree.negated ? not(rows) : rows
  }
  const alike = tree.list.map((right) =>
    ofStructs(env, { left: tree.operand, right, span: right.span }, structEquality),
  )
  if (alike.length > 0 && alike.every((one) => one !== null)) {
    const found = or(alike)
    return tree.negated ? not(found) : found
  }
  const operand = bindExpression(env, tree.operand)
  const items = tree.list.map((item) => bindExpression(env, item))
  const comparisons = items.map((item, index) =>
    bindComparison(
      'eq',
      {
        left: operand,
        right: item,
        leftSpan: tree.operand.span,
        rightSpan: tree.list[index]!.span,
        span: tree.list[index]!.span,
        planSpan: planSpan(env.binding, tree.span),
      },
      'IN',
    ),
  )
  const found = asInList(comparisons) ?? or(comparisons)
  return tree.negated ? not(found) : found
}

function asInList(comparisons: Expression[]): Expression | null {
  const sides = comparisons.flatMap((comparison) =>
    comparison.kind === 'call' ? [comparison.args] : [],
  )
  const operand = sides[0]?.[0]
  if (operand === undefined || sides.length !== comparisons.length) return null
  const shape = JSON.stringify(operand)
  const kind = JSON.stringify(operand.type)
  const plain = sides.every(
    ([left, right]) =>
      right!.kind === 'literal' &&
      JSON.stringify(right!.type) === kind &&
      JSON.stringify(left) === shape,
  )
  return plain ? call('in', [operand, ...sides.map(([, right]) => right!)], boolean) : null
}

function bindLike(env: Env, tree: Tree & { kind: 'like' }): Expression {
  const word = tree.operator ?? 'LIKE'
  const trees =
    tree.escape === null ? [tree.operand, tree.pattern] : [tree.operand, tree.pattern, tree.escape]
  const args = trees.map((part) => {
    const bound = bindExpression(env, part)
    if (bound.type.kind !== 'varchar' && bound.type.kind !== 'null') {
      fail('type_mismatch', `${word} does not take ${typeText(bound.type)}`, part.span)
    }
    return coerce(bound, varchar)
  })
  const mark = args[2]
  if (mark?.kind === 'literal' && [...String(mark.value ?? '')].length > 1) {
    fail('invalid_literal', 'ESCAPE takes one character', tree.escape!.span)
  }
  const span = planSpan(env.binding, tree.span)
  const like = ((): Expression => {
    if (word === 'LIKE') return call('like', args, boolean, span)
    if (word === 'ILIKE') return bindIlike(args, tree, span)
    const wrong = patternMistake('similar_to', args)
    if (wrong !== null) fail('invalid_literal', wrong, tree.pattern.span)
    return call('similar_to', args, boolean, span)
  })()
  return tree.negated ? not(like) : like
}

/** ILIKE is LIKE in lower case. */
function bindIlike(
  args: readonly Expression[],
  tree: Tree & { kind: 'like' },
  span: Span | undefined,
): Expression {
  const [text, pattern, mark] = args
  const hasCase = mark?.kind !== 'literal' || /\p{L}/u.test(String(mark.value ?? ''))
  if (mark !== undefined && hasCase) {
    unsupported('ILIKE with an ESCAPE that is a letter or no literal', tree.escape!.span)
  }
  const lower = (arg: Expression) =>
    arg.kind === 'literal' && arg.value !== null
      ? literal(String(arg.value).toLowerCase(), varchar)
      : call('lower', [arg], varchar)
  return call(
    'like',
    [lower(text!), lower(pattern!), ...(mark === undefined ? [] : [mark])],
    boolean,
    span,
  )
}

function bindCase(env: Env, tree: Tree & { kind: 'case' }): Expression {
  const conditions = tree.whens.map(({ when }) => caseCondition(env, tree.operand, when))
  const branches = tree.whens.map(({ then: value }) => bindValue(env, value))
  const spans = tree.whens.map(({ then: value }) => value.span)
  branches.push(tree.else === null ? literal(null, nullType) : bindValue(env, tree.else))
  spans.push(tree.else?.span ?? tree.span)
  if (branches.some(isStruct)) return chooseStruct(env.binding, conditions, branches, spans)
  const common = branchType(branches, spans, 'CASE')
  const type = common.kind === 'null' ? varchar : common
  const values = branches.map((branch, index) => coerce(branch, type, spans[index]))
  const whens = conditions.map((when, index) => branch(when, values[index]!))
  return choose(whens, values.at(-1)!, type)
}

function caseCondition(env: Env, operand: Tree | null, when: Tree): Expression {
  if (operand === null) {
    return coerceCondition(bindExpression(env, when), when.span, 'CASE WHEN')
  }
  const pair = bindPair(env, { left: operand, right: when, span: when.span })
  return bindComparison('eq', pair, 'CASE')
}

function bindCast(env: Env, tree: Tree & { kind: 'cast' }): Expression {
  const wanted = bindType(env.binding, tree.type)
  const type: Type = wanted.kind === 'varchar' ? varchar : wanted
  if (membersOf(type) !== null) {
    const cast = (member: Expression, to: Type) => castTo(env, tree, member, to)
    const operand = bindValue(env, tree.operand)
    const read = readStruct(env.binding, operand, type, { ...tree, cast })
    return read ?? castStruct(env.binding, operand, type, tree.span, cast)
  }
  const operand = bindValue(env, tree.operand)
  const bound = castTo(env, tree, structAs(env.binding, operand, type, tree.operand.span), type)
  if (wanted.kind !== 'varchar' || wanted.length === undefined) return bound
  // A text that is too long is cut.
  return call(
    'substring',
    [bound, literal(1n, bigint), literal(BigInt(wanted.length), bigint)],
    varchar,
  )
}

function castTo(
  env: Env,
  tree: Tree & { kind: 'cast' },
  operand: Expression,
  type: Type,
): Expression {
  if (!isCastable(operand.type, type)) {
    const message = `${typeText(operand.type)} cannot be cast to ${typeText(type)}`
    fail('type_mismatch', message, tree.span)
  }
  const span = planSpan(env.binding, tree.span)
  if (operand.kind === 'literal' && (operand.value === null || isAdaptable(operand))) {
    if (!tree.attempt) return coerce(operand, type, tree.operand.span)
    const parsed = operand.value === null ? null : readText(String(operand.value), type)
    return literal(parsed ?? null, type)
  }
  if (sameType(operand.type, type)) return operand
  const kept = cutFor(env.binding.dialect, operand, type)
  if (!tree.attempt) return coerce(kept, type, span)
  return castCall('try_cast', kept, type, span)
}

// ---------------------------------------------------------------- calls

function bindCall(env: Env, call: Tree & { kind: 'call' }): Expression {
  const tree = withoutArray(call)
  const ofElements = bindLambda(env, tree)
  if (ofElements !== null) return ofElements
  const navigated = bindPatternCall(env, tree)
  if (navigated !== null) return navigated
  const given = tree.name.name.toLowerCase()
  const made = functionCalled(env.binding, given, tree.span)
  if (made?.kind === 'sql') return bindSqlCall(env, made, tree)
  if (made?.kind === 'user') return bindUser(env, made, tree)
  const name = made?.builtIn ?? given
  if (isAggregateName(name)) return bindAggregateCall(env, tree, name)
  if (isDerivedAggregate(name)) return bindDerivedCall(env, tree, name)
  if (name === 'grouping' || name === 'grouping_id') {
    return bindGroupingCall({ ...env, aggregates: aggregatesOf(env, tree, name) }, tree)
  }
  if (name === 'current_watermark') return bindWatermarkCall(env, tree)
  if (isRowName(name)) return bindRowOffset(env, tree)
  refuseBare(name, tree)
  const part = bindWindowPart(env, tree)
  if (part !== null) return part
  if (tree.distinct)
    fail('syntax', `DISTINCT stands in aggregates only, and ${name} is none`, tree.span)
  if (tree.filter !== null)
    fail('syntax', `FILTER goes with aggregates, and ${name} is none`, tree.filter.span)
  if (name === 'row' && tree.args.length > 0) {
    return structOf(
      env.binding,
      tree.args.map((arg) => bindValue(env, arg)),
    )
  }
  const inner = name === 'try' ? { ...env, tried: true } : env
  const values = tree.args.map((arg, index) =>
    bindValue(inner, index === 0 ? unitOr(name, arg) : arg),
  )
  const calling = {
    name,
    args: values,
    argSpans: tree.args.map((arg) => arg.span),
    span: tree.span,
    planSpan: planSpan(env.binding, tree.span),
    schema: schemas.searchedIn(env.binding.settings)[0]!,
  }
  const nested = bindNested(env.binding, calling)
  if (nested !== null) return nested
  const ofStruct = bindBoxed(env.binding, calling)
  if (ofStruct !== null) return ofStruct
  refuseStructs(calling)
  if (env.tried !== true) checkConstants(calling)
  if (isRandom(name)) return bindRandom(env.binding, calling, env)
  return bindJson(calling) ?? bindFunction(calling)
}

const takesUnit = new Set(['timestampadd', 'timestampdiff', 'datediff', 'date_diff'])

/** DAY in TIMESTAMPDIFF(DAY, a, b) is a name that stands for itself. */
function unitOr(name: string, tree: Tree): Tree {
  if (!takesUnit.has(name) || tree.kind !== 'column' || tree.path.length !== 1) return tree
  return { kind: 'string', value: tree.path[0]!.name, span: tree.span }
}

/** Where aggregate calls go here, or a mistake. */
function aggregatesOf(env: Env, tree: Tree, name: string): Aggregates {
  if (env.aggregates !== null) return env.aggregates
  const hint = env.clause === 'WHERE' ? 'conditions on aggregates go to HAVING' : undefined
  return fail(
    'invalid_grouping',
    `aggregate ${name} cannot stand in ${env.clause}`,
    tree.span,
    hint,
  )
}

/** An aggregate of columns around alone is one of the query around. */
function refuseAround({ scope }: Env, args: readonly Expression[], { span }: Tree): void {
  const read = args.flatMap((arg) => [...columnsOf(arg)])
  const isAround = (index: number) => scope.some((one) => one.index === index && one.around)
  if (read.length === 0 || !read.every(isAround)) return
  const hint = 'aggregate in FROM (SELECT …) of the query around, and name the result here'
  unsupported('an aggregate of columns of the query around alone', span, hint)
}

/** Inside of an aggregate call; of one with OVER the rows are those that other expressions read. */
function innerEnv({ below, ...env }: Env): Env {
  const clause = 'an aggregate'
  return below === undefined ? { ...inRows(env), clause } : { ...env, clause, aggregates: below }
}

/** An aggregate with OVER: its calls go to `collector`, those in its arguments to where aggregates go. */
export function bindOverAggregate(
  env: Env,
  tree: Tree & { kind: 'call' },
  collector: Aggregates,
): Expression {
  return bindCall({ ...env, aggregates: collector, below: env.aggregates }, tree)
}

function bindFilter(inner: Env, { filter }: Tree & { kind: 'call' }): Expression | null {
  return filter === null ? null : bindCondition({ ...inner, clause: 'FILTER' }, filter)
}

function bindUser(env: Env, made: UserMade, tree: Tree & { kind: 'call' }): Expression {
  if (made.of !== 'aggregate') return bindUserCall(env, made, tree)
  const aggregates = aggregatesOf(env, tree, made.name)
  const inner = innerEnv(env)
  return bindUserAggregate({ aggregates, inner, filter: bindFilter(inner, tree) }, made, tree)
}

function bindDerivedCall(env: Env, tree: Tree & { kind: 'call' }, name: string): Expression {
  const aggregates = aggregatesOf(env, tree, name)
  const inner = innerEnv(env)
  const args = tree.args.map((arg) => bindValue(inner, arg))
  refuseAround(env, args, tree)
  return bindStructAggregate(env.binding, aggregates, {
    name,
    args,
    argSpans: tree.args.map((arg) => arg.span),
    span: tree.span,
    planSpan: planSpan(env.binding, tree.span),
    distinct: tree.distinct,
    filter: bindFilter(inner, tree),
  })
}

export function bindAggregateCall(
  env: Env,
  tree: Tree & { kind: 'call' },
  name: 'count' | 'sum' | 'avg' | 'min' | 'max',
): Expression {
  const aggregates = aggregatesOf(env, tree, name)
  const inner = innerEnv(env)
  const filter = bindFilter(inner, tree)
  const span = planSpan(env.binding, tree.span)
  const arg = tree.args[0]
  if (tree.args.length !== 1) {
    const hint = name === 'count' ? 'write count(*) to count rows' : undefined
    fail('type_mismatch', `${name} takes 1 argument, not ${tree.args.length}`, tree.span, hint)
  }
  if (arg!.kind === 'star') {
    if (name !== 'count' || tree.distinct || arg!.qualifier.length > 0) {
      fail('syntax', `* cannot be counted this way; only count(*) takes it`, arg!.span)
    }
    return addAggregate(aggregates, {
      function: 'count_star',
      argument: null,
      distinct: false,
      filter,
      type: bigint,
      span,
    })
  }
  const whole = bindValue(inner, arg!)
  if (isStruct(whole) && (name === 'min' || name === 'max')) {
    const box = { argument: boxed(env.binding, whole), distinct: false, filter, span }
    const least = addAggregate(aggregates, { ...box, function: name, type: box.argument.type })
    return unboxed(env.binding, whole, least)
  }
  refuseAround(env, [whole], tree)
  const counted = name === 'count' && tree.distinct ? boxed(env.binding, whole) : whole
  const { argument, type } = aggregateTypes(name, counted, arg!.span)
  // The least of distinct values is the least of all values.
  const distinct = tree.distinct && name !== 'min' && name !== 'max'
  if (name === 'avg' && isWhole(argument.type) && env.binding.dialect === 'flink') {
    const total: BoundAggregate = {
      function: 'sum',
      argument,
      distinct,
      filter,
      type: bigint,
      span,
    }
    const sum = addAggregate(aggregates, total)
    const count = addAggregate(aggregates, { ...total, function: 'count' })
    return coerce(call('divide', [sum, count], bigint, span), argument.type, span)
  }
  const given: BoundAggregate = { function: name, argument, distinct, filter, type, span }
  const adds = name === 'sum' || name === 'avg'
  if (adds && argument.type.kind === 'period') {
    if (distinct) unsupported(`${name}(DISTINCT) of an INTERVAL of months and days`, arg!.span)
    return addPeriods(aggregates, given)
  }
  if (!adds || !isWide(argument.type)) return addAggregate(aggregates, given)
  if (distinct) {
    const places = { args: [argument], argSpans: [arg!.span], span: tree.span, planSpan: span }
    return bindDistinctWide(aggregates, { name, ...places, distinct, filter }, argument, name)
  }
  return addWide(aggregates, given)
}
