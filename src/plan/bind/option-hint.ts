/**
 * BindOptionHint: a connector's table with the options of a hint, `OPTIONS('k' = 'v')`, for one statement.
 *
 * Contract 1 (checked) an option that the connector does not know is a mistake, as it is in WITH.
 *          2 (checked) where there is no connector, the hint is said to be ignored.
 */
import type { Option } from '../../../grammar/index.ts'
import { givenSchema, type Relation } from '../../catalog/index.ts'
import { type Binding, fail } from './binding.ts'
import { isBounded } from './statement/create.ts'
import { placed } from './statement/file.ts'
import { ignoredText } from './statement/sink.ts'

type External = Relation & { kind: 'external' }

/** The relation as the statement has it; itself where the hint says nothing that counts. */
export function hinted(binding: Binding, relation: Relation, given: Option[] = []): Relation {
  const [first] = given
  if (first === undefined) return relation
  if (relation.kind !== 'external') {
    binding.notices.push(`hint OPTIONS is ignored: ${relation.name} has no connector`)
    return relation
  }
  return withOptions(binding, relation, given)
}

function withOptions(binding: Binding, relation: External, given: Option[]): External {
  const connector = binding.connectors.get(relation.connector)!
  const fixed = given.find(({ key }) => key === 'connector')
  if (fixed !== undefined) {
    const message = `the connector of ${relation.name} is '${relation.connector}'`
    fail('invalid_option', message, fixed.span, 'a hint changes its other options')
  }
  const options = new Map(relation.options)
  for (const { key, value } of given) options.set(key, value)
  const own = new Set(given.map(({ key }) => key))
  const ignored = (key: string) => {
    if (own.has(key)) binding.notices.push(ignoredText(connector, key))
  }
  const span = { start: given[0]!.span.start, end: given.at(-1)!.span.end }
  placed({ options: given, span }, () => connector.check(options, givenSchema(relation), ignored))
  return { ...relation, options, bounded: isBounded(connector, options) }
}

/** The options of a hint, as a plan carries them. */
export const hintOptions = (given: readonly Option[] = []) =>
  given.map(({ key, value }): [string, string | number | boolean] => [key, value])
