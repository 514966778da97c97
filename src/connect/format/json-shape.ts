/**
 * JSON shape: which values of an object are wanted, as a tree that the scanner walks beside the text.
 *
 * How      A column is found under its own name at the top of the object, case aside, or where its option
 *          `'json.path.<column>' = '$.properties.mag'` says; paths have names, quoted names and indexes:
 *          `$.geometry.coordinates[0]`, `$['odd name']`.
 */
import { mistake } from '../../base/index.ts'

export interface Shape {
  /** Columns of the batch that take this value. */
  columns: number[]
  /** By lower-case name. */
  members: Map<string, Shape> | null
  items: (Shape | undefined)[] | null
  /** What the scanner has learnt about the order of names: see json-scanner.ts. */
  order: Expected[]
}

/** A name that was seen at some place of an object, and what its value is to become. */
export interface Expected {
  name: Uint8Array
  shape: Shape | null
}

export type Step = string | number

export function emptyShape(): Shape {
  return { columns: [], members: null, items: null, order: [] }
}

export function addColumn(root: Shape, path: readonly Step[], column: number): void {
  let shape = root
  for (const step of path) {
    let next: Shape | undefined
    if (typeof step === 'number') {
      shape.items ??= []
      next = shape.items[step] ??= emptyShape()
    } else {
      const name = step.toLowerCase()
      shape.members ??= new Map()
      next = shape.members.get(name)
      if (next === undefined) shape.members.set(name, (next = emptyShape()))
    }
    shape = next
  }
  shape.columns.push(column)
}

/** Steps of `$.a.b[0]['c']`; `option` is named in the mistake. */
export function parsePath(text: string, option: string): Step[] {
  const steps: Step[] = []
  const step = /\.([^.[\]\s'"]+)|\[(\d{1,6})\]|\[\s*(?:'([^']*)'|"([^"]*)")\s*\]/y
  let position = text.startsWith('$') ? 1 : 0
  // A path without $ starts with a name.
  const source = position === 0 ? `.${text}` : text
  while (position < source.length) {
    step.lastIndex = position
    const match = step.exec(source)
    if (match === null) {
      return mistake({
        code: 'invalid_option',
        message: `option '${option}' is not a path: '${text}'`,
        hint: `for example '$.properties.mag' or '$.coordinates[0]'`,
      })
    }
    steps.push(match[2] !== undefined ? Number(match[2]) : (match[1] ?? match[3] ?? match[4] ?? ''))
    position = step.lastIndex
  }
  return steps
}
