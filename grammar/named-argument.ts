/**
 * Named arguments: of functions whose parameters have names, MAKE_INTERVAL(days => 10).
 *
 * How      The parser puts each in its place, and 0 where nothing is given, so that the tree knows places only.
 */
import type { Expression } from './tree.ts'

const parameters: ReadonlyMap<string, readonly string[]> = new Map([
  ['make_interval', ['years', 'months', 'weeks', 'days', 'hours', 'mins', 'secs']],
])

/** An argument, and its name where it has one. */
export interface Given {
  name: (Expression & { kind: 'string' }) | undefined
  value: Expression
}

/** The names of what a function takes; undefined of a function whose arguments have places only. */
export function parametersOf(name: string): readonly string[] | undefined {
  return parameters.get(name.toLowerCase())
}

/** The arguments in their places; `mistaken` is told of one that has none. */
export function inPlaces(
  given: readonly Given[],
  names: readonly string[],
  mistaken: (message: string, at: Expression) => void,
): Expression[] {
  const placed: Expression[] = []
  let isNamed = false
  for (const { name, value } of given) {
    // As in Postgres: those without a name come first.
    if (name === undefined && isNamed)
      mistaken('this argument needs a name, as those before it', value)
    isNamed ||= name !== undefined
    const at = name === undefined ? placed.length : names.indexOf(name.value.toLowerCase())
    if (at < 0) mistaken(`there is no argument ${name!.value}`, name!)
    else if (placed[at] !== undefined) mistaken(`argument ${names[at]} is there twice`, name!)
    else placed[at] = value
  }
  return Array.from(placed, (value) => value ?? nothing(given[0]!.value))
}

const nothing = ({ span }: Expression): Expression => ({
  kind: 'number',
  text: '0',
  span: { start: span.start, end: span.start },
})
