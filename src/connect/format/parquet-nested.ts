/**
 * Parquet nested: the items of lists, maps and the structs inside of them, from the levels of the columns below.
 *
 * How      Each value of a column has two levels. The repetition level says which of the lists around it goes on with
 *          it, 0 where a row begins; the definition level how many of the nodes around that may be missing are there.
 *          A row is read from its outermost node inwards. What is missing or empty has one entry in each column below.
 * Contract 1 (checked) columns below one node whose entries do not fit together are a Failure malformed_file.
 * See      https://github.com/apache/parquet-format, Dremel
 */
import type { SchemaTree } from 'hyparquet'
import {
  arrayOf,
  elementOf,
  type Field,
  itemValue,
  membersOf,
  NONE,
  structOf,
  type Type,
} from '../../data/index.ts'
import type { Run } from '../columnar-reader.ts'
import { type FileColumn, type FileType, memberNamed, presence } from '../file-type.ts'
import { Faulty, itemsOfRun, runOfRows } from '../nested-values.ts'

/** A run of a column, and the levels of each of its entries. */
export interface LeveledRun {
  run: Run
  repeats: Int32Array
  levels: Int32Array
}

/** A column of the file below a list or a map. */
export interface NestedLeaf {
  path: readonly SchemaTree[]
  type: FileType
  field: Field
}

interface NestedColumn extends FileColumn {
  tree: SchemaTree
}

/** A node as it is read. */
interface Shape {
  kind: 'leaf' | 'list' | 'map' | 'struct'
  /** The definition level from which on it is there. */
  level: number
  /** The repetition level of the entries that go on with it. */
  repeat: number
  leaves: Cursor[]
  inside: Shape[]
}

/** The repeated node of a list, and its element, which may be the repeated node itself. */
export function listParts(tree: SchemaTree): { repeated: SchemaTree; element: SchemaTree } {
  if (tree.element.repetition_type === 'REPEATED') return { repeated: tree, element: tree }
  const repeated = tree.children[0]!
  const { children, element } = repeated
  // As older writers have it: two levels only.
  const isElement =
    children.length !== 1 ||
    element.name === 'array' ||
    element.name === `${tree.element.name}_tuple`
  return { repeated, element: isElement ? repeated : children[0]! }
}

/** The entries of one column of a row group. */
class Cursor {
  at = 0
  readonly #runs: LeveledRun[]
  readonly #items: ((index: number) => string)[]
  #run = 0
  #first = 0

  constructor(runs: LeveledRun[], type: Type, faulty: Faulty) {
    this.#runs = runs
    this.#items = runs.map(({ run }) => itemsOfRun(run, type, faulty))
  }

  /** Where the entry stands in its run; null behind the last one. */
  #place(): { run: LeveledRun; index: number } | null {
    for (;;) {
      const run = this.#runs[this.#run]
      if (run === undefined) return null
      const index = this.at - this.#first
      if (index < run.run.rows) return { run, index }
      this.#first += run.run.rows
      this.#run++
    }
  }

  get repeat(): number {
    const place = this.#place()
    return place === null ? -1 : place.run.repeats[place.index]!
  }

  get level(): number {
    const place = this.#place()
    if (place === null) throw new Error('a column has fewer values than rows')
    return place.run.levels[place.index]!
  }

  item(): string {
    const { index } = this.#place()!
    const item = this.#items[this.#run]!(index)
    this.at++
    return item
  }
}

/** The column as the rows of a group; `read` gives the runs of a column of the file, to its end. */
export function nestedRun(
  rows: number,
  path: readonly SchemaTree[],
  { name, type }: { name: string; type: FileType },
  field: Field,
  read: (leaf: NestedLeaf) => LeveledRun[],
): Run {
  const faulty = new Faulty()
  const isRepeated = ({ element }: SchemaTree) => element.repetition_type === 'REPEATED'
  const isSure = ({ element }: SchemaTree) => element.repetition_type === 'REQUIRED'

  /** `above` leads to the node, without it. */
  const shapeOf = (
    above: readonly SchemaTree[],
    tree: SchemaTree,
    given: FileType,
    to: Type,
    isElement = false,
  ): Shape => {
    const through = isElement ? above : [...above, tree]
    const level = through.filter((one) => !isSure(one)).length
    const repeat = through.filter(isRepeated).length
    const made = (kind: Shape['kind'], inside: Shape[]): Shape => {
      return { kind, level, repeat, inside, leaves: inside.flatMap(({ leaves }) => leaves) }
    }
    if (given.kind === 'list') {
      const { repeated, element } = listParts(tree)
      const outer = repeated === tree ? above : through
      const inner = [...outer, repeated]
      const own = shapeOf(inner, element, given.element.type, elementOf(to)!, element === repeated)
      const base = outer.filter((one) => !isSure(one)).length
      return { ...made('list', [own]), level: base, repeat: inner.filter(isRepeated).length }
    }
    if (given.kind === 'map') {
      const entry = tree.children[0]!
      const map = to as Type & { kind: 'map' }
      const [key, value] = entry.children as [SchemaTree, SchemaTree]
      const inner = [...through, entry]
      const inside = [
        shapeOf(inner, key, given.key.type, map.key),
        shapeOf(inner, value, given.value.type, map.value),
      ]
      return { ...made('map', inside), repeat: repeat + 1 }
    }
    if (given.kind === 'struct') {
      const inside = membersOf(to)!.map((member) => {
        const own = memberNamed(given.members as NestedColumn[], member.name)!
        return shapeOf(through, own.tree, own.type, member.type)
      })
      return made('struct', inside)
    }
    const leaf = { path: through, type: given, field: { name, type: to, nullable: true } }
    return { ...made('leaf', []), leaves: [new Cursor(read(leaf), to, faulty)] }
  }

  const item = (shape: Shape): string => {
    const [first] = shape.leaves
    if (first!.level < shape.level) return skipped(shape, NONE)
    if (shape.kind === 'leaf') return first!.item()
    if (shape.kind === 'struct') return `\x01${structOf(shape.inside.map(item))}`
    if (first!.level === shape.level) return skipped(shape, `\x01${arrayOf([])}`)
    const items: string[][] = []
    do items.push(shape.inside.map(item))
    while (first!.repeat === shape.repeat)
    if (shape.kind === 'list') return `\x01${arrayOf(items.map(([one]) => one!))}`
    return `\x01${faulty.map(items as [string, string][])}`
  }

  const root = shapeOf(path.slice(0, -1), path.at(-1)!, type, field.type)
  const run = runOfRows(rows, field, faulty, () => {
    const value = itemValue(item(root), field.type)
    if (root.leaves.some(({ repeat }) => repeat > 0)) throw new Error('columns of a list differ')
    return value
  })
  return run
}

/** The presence of a struct that has lists and maps only. */
export function presenceRun(
  rows: number,
  path: readonly SchemaTree[],
  type: FileType,
  field: Field,
  read: (leaf: NestedLeaf) => LeveledRun[],
): Run {
  const leaf = [...path]
  for (let [inner] = leaf.at(-1)!.children; inner !== undefined; [inner] = inner.children) {
    leaf.push(inner)
  }
  const level = path.filter(({ element }) => element.repetition_type !== 'REQUIRED').length
  const isThere = read({ path: leaf, type, field }).flatMap(({ repeats, levels }) =>
    [...levels].filter((_, at) => repeats[at] === 0).map((one) => one >= level),
  )
  if (isThere.length !== rows) throw new Error('a column has not as many rows as its group')
  const indexes = Int32Array.from(isThere, (there, row) => (there ? row : -1))
  return { ...presence(rows, field), rows, indexes }
}

/** One entry of each column below is passed over. */
function skipped({ leaves }: Shape, item: string): string {
  for (const leaf of leaves) leaf.at++
  return item
}
