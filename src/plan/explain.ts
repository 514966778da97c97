/**
 * Explain: a physical plan as a tree of lines.
 *
 * Format   Kind  arguments  [emit …] [key …] [updating]      one line per node, inputs indented by two spaces
 */
import { type Field, typeText, valueText } from '../data/index.ts'
import { literalValue } from './coerce.ts'
import type { Expression, SortKey } from './logical.ts'
import { inputsOf, type PhysicalPlan } from './physical.ts'

export function explainText(plan: PhysicalPlan): string {
  return linesOf(plan, 0).join('\n')
}

function linesOf(plan: PhysicalPlan, depth: number): string[] {
  const word = plan.kind[0]!.toUpperCase() + plan.kind.slice(1)
  const parts = [word, argumentsOf(plan), ...traitsOf(plan)].filter((part) => part !== '')
  const line = '  '.repeat(depth) + parts.join('  ')
  return [line, ...inputsOf(plan).flatMap((input) => linesOf(input, depth + 1))]
}

function traitsOf(plan: PhysicalPlan): string[] {
  const traits: string[] = []
  if (plan.kind === 'aggregate') traits.push(`emit ${plan.emit}`)
  if (plan.key !== null) {
    traits.push(`key (${plan.key.map((index) => plan.output[index]!.name).join(', ')})`)
  }
  if (plan.updating) traits.push('updating')
  return traits
}

function argumentsOf(plan: PhysicalPlan): string {
  switch (plan.kind) {
    case 'scan': {
      const names = plan.output.map((field) => field.name).join(', ')
      const watermark = plan.watermark === null ? '' : `  watermark ${watermarkText(plan)}`
      return `${plan.relation} (${names})${watermark}`
    }
    case 'values':
      return `${plan.rows.length} ${plan.rows.length === 1 ? 'row' : 'rows'}`
    case 'filter':
      return expressionText(plan.predicate, plan.input.output)
    case 'project':
      return plan.expressions
        .map((expression, index) => {
          const text = expressionText(expression, plan.input.output)
          const { name } = plan.output[index]!
          return text === name ? name : `${text} as ${name}`
        })
        .join(', ')
    case 'window':
      return windowText(plan)
    case 'aggregate':
      return aggregateText(plan)
    case 'join':
      return joinText(plan)
    case 'rank':
      return rankText(plan)
    case 'series':
      return `from ${plan.first} to ${plan.last}${plan.step === '1' ? '' : ` by ${plan.step}`}`
    case 'union':
    case 'repeat':
      return ''
    case 'sort':
      return sortText(plan)
  }
}

type Of<Kind extends PhysicalPlan['kind']> = Extract<PhysicalPlan, { kind: Kind }>

function watermarkText(plan: Of<'scan'>): string {
  const { column, delayMicros, aheadMicros, partition } = plan.watermark!
  const ahead = aheadMicros === undefined ? '' : ` max ahead ${durationText(aheadMicros)}`
  const split = partition === undefined ? '' : ', least of its partitions'
  return `${plan.output[column]!.name} - ${durationText(delayMicros)}${ahead}${split}`
}

function durationText(micros: string): string {
  return valueText(BigInt(micros), { kind: 'interval' })
}

function windowText(plan: Of<'window'>): string {
  const time = plan.input.output[plan.time]!.name
  const slide = plan.function === 'hop' ? `, slide ${durationText(plan.slideMicros)}` : ''
  const offset = plan.offsetMicros === '0' ? '' : `, offset ${durationText(plan.offsetMicros)}`
  const judge = plan.judge ? '  drops late rows' : ''
  return `${plan.function} ${time}${slide}, size ${durationText(plan.sizeMicros)}${offset}${judge}`
}

function aggregateText(plan: Of<'aggregate'>): string {
  const fields = plan.input.output
  const keys = plan.keys.map((key) => fields[key]!.name)
  const calls = plan.calls.map((call) => {
    const argument = call.argument === null ? '*' : fields[call.argument]!.name
    const distinct = call.distinct ? 'distinct ' : ''
    const filter = call.filter === null ? '' : ` filter ${fields[call.filter]!.name}`
    const name = call.function === 'count_star' ? 'count' : call.function
    return `${name}(${distinct}${argument})${filter}`
  })
  const by = keys.length === 0 ? '' : `by ${keys.join(', ')}`
  const bucket = plan.bucket === null ? '' : 'bucket per window'
  return [calls.join(', '), by, bucket].filter((part) => part !== '').join('  ')
}

function joinText(plan: Of<'join'>): string {
  const [left, right] = [plan.left.output, plan.right.output]
  const pairs = plan.leftKeys.map((key, index) => {
    return `${left[key]!.name} = ${right[plan.rightKeys[index]!]!.name}`
  })
  const residual =
    plan.residual === null ? '' : `  where ${expressionText(plan.residual, [...left, ...right])}`
  const bucket = plan.bucket === null ? '' : '  bucket per window'
  return `${plan.join}  ${pairs.join(' and ')}${residual}${bucket}`
}

function rankText(plan: Of<'rank'>): string {
  const { partition, order, limit, numbered, retracts } = plan
  const by = partition.map((column) => plan.input.output[column]!.name)
  const parts = [
    numbered ? 'row_number' : '',
    by.length === 0 ? '' : `by ${by.join(', ')}`,
    order.length === 0 ? '' : `order ${keysText(order, plan.input.output)}`,
    limit === null ? '' : `limit ${limit}`,
    limit === null || retracts ? 'keeps all rows' : '',
  ]
  return parts.filter((part) => part !== '').join('  ')
}

function keysText(keys: readonly SortKey[], fields: readonly Field[]): string {
  const texts = keys.map(({ column, descending, nullsFirst }) => {
    const name = fields[column]!.name
    return `${name}${descending ? ' desc' : ''}${nullsFirst ? ' nulls first' : ''}`
  })
  return texts.join(', ')
}

function sortText(plan: Of<'sort'>): string {
  const keys = keysText(plan.keys, plan.output)
  const limit = plan.limit === null ? '' : `limit ${plan.limit}`
  const offset = plan.offset === 0 ? '' : `offset ${plan.offset}`
  return [keys, limit, offset].filter((part) => part !== '').join('  ')
}

// ---------------------------------------------------------------- expressions

const symbols: Record<string, string> = {
  add: '+',
  subtract: '-',
  multiply: '*',
  divide: '/',
  modulo: '%',
  eq: '=',
  ne: '<>',
  lt: '<',
  le: '<=',
  gt: '>',
  ge: '>=',
  concat_strict: '||',
  is_distinct: 'is distinct from',
  is_not_distinct: 'is not distinct from',
  like: 'like',
}

const suffixes: Record<string, string> = {
  is_null: 'is null',
  is_not_null: 'is not null',
  is_true: 'is true',
  is_false: 'is false',
}

/** An expression over columns of these names, close to SQL. */
function expressionText(expression: Expression, fields: readonly Field[]): string {
  const text = (e: Expression) => expressionText(e, fields)
  switch (expression.kind) {
    case 'column':
      return columnText(fields, expression.index)
    case 'literal':
      return literalText(expression)
    case 'and':
    case 'or':
      return `(${expression.args.map(text).join(` ${expression.kind} `)})`
    case 'case': {
      const whens = expression.whens.map(
        ({ when, then: value }) => `when ${text(when)} then ${text(value)}`,
      )
      return `case ${whens.join(' ')} else ${text(expression.else)} end`
    }
    case 'call':
      return callText(expression, text)
  }
}

/** The column's name; where several have it, with its place in the input. */
function columnText(fields: readonly Field[], index: number): string {
  const { name } = fields[index]!
  const alone = fields.every((field, other) => other === index || field.name !== name)
  return alone ? name : `${name}#${index + 1}`
}

function callText(node: Expression & { kind: 'call' }, text: (e: Expression) => string): string {
  const args = node.args.map(text)
  const symbol = symbols[node.function]
  if (symbol !== undefined && args.length === 2) return `(${args[0]} ${symbol} ${args[1]})`
  const suffix = suffixes[node.function]
  if (suffix !== undefined) return `(${args[0]} ${suffix})`
  if (node.function === 'not') return `(not ${args[0]})`
  if (node.function === 'negate') return `(-${args[0]})`
  if (node.function === 'in') return `(${args[0]} in (${args.slice(1).join(', ')}))`
  if (node.function === 'cast' || node.function === 'try_cast') {
    return `${node.function}(${args[0]} as ${typeText(node.type)})`
  }
  return `${node.function}(${args.join(', ')})`
}

function literalText(node: Expression & { kind: 'literal' }): string {
  const value = literalValue(node)
  if (value === null) return 'null'
  const text = valueText(value, node.type)
  switch (node.type.kind) {
    case 'varchar':
      return `'${text.replaceAll("'", "''")}'`
    case 'varbinary':
    case 'json':
    case 'timestamp':
    case 'time':
    case 'date':
    case 'interval':
    case 'months':
      return `${typeText(node.type)
        .replace(/[ (].*/, '')
        .toLowerCase()} '${text.replaceAll("'", "''")}'`
    default:
      return text
  }
}
