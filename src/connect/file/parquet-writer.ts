/**
 * Parquet writer: rows into a Parquet file, one page per column and row group, values as they are (PLAIN).
 *
 * How      Rows are gathered to groups of 65,536; a group is encoded column by column and written; the footer follows
 *          at the end. `'parquet.compression'` packs each page: zstd (default), gzip or uncompressed.
 * Format   PAR1 | pages of the row groups | FileMetaData in Thrift's compact protocol | its length | PAR1. TIMESTAMP
 *          and TIME count microseconds, DECIMAL lies in 64 bits up to 18 digits and in 16 big-endian bytes beyond.
 * Contract 1 (checked) what was written is read back the same by our reader and by DuckDB.
 * See      https://github.com/apache/parquet-format
 */
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { assert, closeWhole, type FileWriter, mistake } from '../../base/index.ts'
import {
  elementOf,
  type Field,
  isWide,
  type Member,
  membersOf,
  type Op,
  type Row,
  type Schema,
  type SinkWriter,
  type Type,
  topColumns,
  typeText,
  type Value,
  valueBytes,
  widthOf,
} from '../../data/index.ts'

import { entriesOf, type NestedPath, repeatsMax } from './parquet-levels.ts'

export const pageCodecs = ['zstd', 'gzip', 'uncompressed'] as const
export type PageCodec = (typeof pageCodecs)[number]

const codecNumbers: Record<PageCodec, number> = { uncompressed: 0, gzip: 2, zstd: 6 }
const GROUP_ROWS = 65_536
const MAGIC = new TextEncoder().encode('PAR1')

/** Physical types of the format. */
const BOOLEAN = 0
const INT32 = 1
const INT64 = 2
const FLOAT = 4
const DOUBLE = 5
const BYTE_ARRAY = 6
const FIXED = 7
const WIDE_BYTES = 16
/** Encodings. */
const PLAIN = 0
const RLE = 3

/** A value of Thrift's compact protocol. Structs have fields by ascending number. */
type Thrift =
  | { i32: number }
  | { i64: number }
  | { binary: string }
  | { bool: boolean }
  | { list: Thrift[] }
  | { struct: [number, Thrift][] }

const i32 = (value: number): Thrift => ({ i32: value })
const i64 = (value: number): Thrift => ({ i64: value })
const list = (items: Thrift[]): Thrift => ({ list: items })
const struct = (...fields: ([number, Thrift] | null)[]): Thrift => ({
  struct: fields.filter((field) => field !== null),
})

function typeNumber(value: Thrift): number {
  if ('bool' in value) return value.bool ? 1 : 2
  if ('i32' in value) return 5
  if ('i64' in value) return 6
  if ('binary' in value) return 8
  return 'list' in value ? 9 : 12
}

/** Bytes that grow. */
class Bytes {
  #bytes = new Uint8Array(1024)
  #view = new DataView(this.#bytes.buffer)
  #used = 0

  get used(): number {
    return this.#used
  }

  done(): Uint8Array {
    return this.#bytes.subarray(0, this.#used)
  }

  /** Room for `count` bytes; returns where. */
  #room(count: number): number {
    const at = this.#used
    this.#used += count
    if (this.#used > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(2 * this.#bytes.length, this.#used))
      larger.set(this.#bytes)
      this.#bytes = larger
      this.#view = new DataView(larger.buffer)
    }
    return at
  }

  u8(value: number): void {
    const at = this.#room(1)
    this.#bytes[at] = value
  }

  i32(value: number): void {
    const at = this.#room(4)
    this.#view.setInt32(at, value, true)
  }

  i64(value: bigint): void {
    const at = this.#room(8)
    this.#view.setBigInt64(at, value, true)
  }

  f32(value: number): void {
    const at = this.#room(4)
    this.#view.setFloat32(at, value, true)
  }

  f64(value: number): void {
    const at = this.#room(8)
    this.#view.setFloat64(at, value, true)
  }

  wide(value: bigint): void {
    const at = this.#room(WIDE_BYTES)
    this.#view.setBigInt64(at, value >> 64n, false)
    this.#view.setBigUint64(at + 8, BigInt.asUintN(64, value), false)
  }

  put(bytes: Uint8Array): void {
    const at = this.#room(bytes.length)
    this.#bytes.set(bytes, at)
  }

  varint(value: number): void {
    let rest = value
    while (rest > 127) {
      this.u8((rest % 128) | 128)
      rest = Math.floor(rest / 128)
    }
    this.u8(rest)
  }

  thrift(value: Thrift): void {
    if ('bool' in value) this.u8(value.bool ? 1 : 2)
    else if ('i32' in value) this.varint(zigzag(value.i32))
    else if ('i64' in value) this.varint(zigzag(value.i64))
    else if ('binary' in value) {
      const bytes = encoder.encode(value.binary)
      this.varint(bytes.length)
      this.put(bytes)
    } else if ('list' in value) {
      const { length } = value.list
      const type = length === 0 ? 12 : typeNumber(value.list[0]!)
      this.u8((Math.min(length, 15) << 4) | type)
      if (length >= 15) this.varint(length)
      for (const item of value.list) this.thrift(item)
    } else {
      let last = 0
      for (const [number, field] of value.struct) {
        this.u8(((number - last) << 4) | typeNumber(field))
        // A truth value lies in the type.
        if (!('bool' in field)) this.thrift(field)
        last = number
      }
      this.u8(0)
    }
  }
}

const encoder = new TextEncoder()
/** Converted types of groups, and the repetition of what is in them. */
const MAP = 1
const LIST = 3
const REPEATED = 2
const zigzag = (value: number): number => (value >= 0 ? 2 * value : -2 * value - 1)

/** How a column lies in the file. */
interface Layout {
  physical: number
  /** Fields of the column's SchemaElement from converted_type on. */
  element: [number, Thrift][]
  put(bytes: Bytes, value: Value): void
}

function layoutOfType(field: Field): Layout {
  const { type } = field
  const converted = (number: number): [number, Thrift] => [6, i32(number)]
  switch (type.kind) {
    case 'boolean':
      return { physical: BOOLEAN, element: [], put: () => {} }
    case 'tinyint':
      return { physical: INT32, element: [converted(15)], put: putInt }
    case 'smallint':
      return { physical: INT32, element: [converted(16)], put: putInt }
    case 'integer':
      return { physical: INT32, element: [], put: putInt }
    case 'date':
      return { physical: INT32, element: [converted(6)], put: putInt }
    case 'bigint':
      return { physical: INT64, element: [], put: putLong }
    case 'real':
      return { physical: FLOAT, element: [], put: (bytes, value) => bytes.f32(value as number) }
    case 'double':
      return { physical: DOUBLE, element: [], put: (bytes, value) => bytes.f64(value as number) }
    case 'decimal': {
      const element = [
        converted(5),
        [7, i32(type.scale)],
        [8, i32(type.precision)],
      ] as Layout['element']
      if (!isWide(type)) return { physical: INT64, element, put: putLong }
      return {
        physical: FIXED,
        element,
        put: (bytes, value) => bytes.wide(BigInt(value as bigint)),
      }
    }
    case 'varchar':
    case 'json':
      return { physical: BYTE_ARRAY, element: [converted(0)], put: putText }
    case 'varbinary':
    case 'geometry':
      return {
        physical: BYTE_ARRAY,
        element: [],
        put: (bytes, value) => putString(bytes, valueBytes(value as string, type)),
      }
    case 'timestamp':
      return { physical: INT64, element: [logicalTime(8, type.zoned === true)], put: putLong }
    case 'time':
      return { physical: INT64, element: [logicalTime(7, false)], put: putLong }
    default:
      return refuse(field)
  }
}

/** Throws unless every column can be written. */
export function checkParquet(schema: Schema): void {
  leavesOf(nodesOf(schema))
}

/** A column or a member as the file's schema has it. */
interface Node {
  name: string
  nullable: boolean
  type: Type
  /** Its place among the flat columns; of what is inside of an array or a map, of that. */
  at: number
  /** Of a struct its members, of a list its elements, of a map keys and values. */
  members: Node[]
  /** The node of the file between a list or a map and these. */
  repeated?: 'list' | 'key_value'
}

function nodesOf({ fields }: Schema): Node[] {
  /** All that is inside of an array may be NULL. */
  const inside = (name: string, type: Type, at: number, nullable = true): Node => {
    const members = membersOf(type)?.map((member) => inside(member.name, member.type, at))
    return { ...repeating(type, at), name, type, nullable, at, ...(members && { members }) }
  }
  const repeating = (type: Type, at: number): Pick<Node, 'members' | 'repeated'> => {
    if (type.kind === 'array') {
      return { members: [inside('element', type.element, at)], repeated: 'list' }
    }
    if (type.kind !== 'map') return { members: [] }
    const members = [inside('key', type.key, at, false), inside('value', type.value, at)]
    return { members, repeated: 'key_value' }
  }
  const node = (member: Member, at: number): Node => {
    if (elementOf(member.type) !== null) return { ...member, at, ...repeating(member.type, at) }
    let next = at + 1
    const members = (membersOf(member.type) ?? []).map((inner) => {
      const made = node(inner, next)
      next += widthOf(inner.type)
      return made
    })
    return { ...member, at, members }
  }
  return topColumns(fields).map(({ field, at }) => node(field, at))
}

/** A column of values. */
interface Leaf {
  path: string[]
  at: number
  layout: Layout
  /** Flat columns that may be NULL: the structs around it, then itself. So many of them as are there is its level. */
  guards: number[]
  /** Where it is inside of an array or a map, the nodes from that on, and which member of each leads to it. */
  inside?: NestedPath
}

function leavesOf(nodes: readonly Node[], path: string[] = [], guards: number[] = []): Leaf[] {
  return nodes.flatMap((node) => {
    const { name, nullable, type, at, members } = node
    const own = nullable ? [...guards, at] : guards
    const inner = [...path, name]
    if (node.repeated !== undefined) return nestedLeaves(node, inner, own)
    if (members.length > 0) return leavesOf(members, inner, own)
    const layout = layoutOfType({ name: inner.join('.'), type, nullable })
    return [{ path: inner, at, layout, guards: own }]
  })
}

/** The leaves below an array or a map. */
function nestedLeaves(outer: Node, path: string[], guards: number[]): Leaf[] {
  const below = (node: Node, inner: string[], steps: NestedPath): Leaf[] => {
    const { type, members, repeated } = node
    const names = repeated === undefined ? inner : [...inner, repeated]
    if (members.length > 0) {
      return members.flatMap((member, at) =>
        below(
          member,
          [...names, member.name],
          [...steps, { type, member: at, nullable: member.nullable }],
        ),
      )
    }
    const layout = layoutOfType({ name: inner.join('.'), type, nullable: true })
    return [
      {
        path: inner,
        at: outer.at,
        layout,
        guards,
        inside: [...steps, { type, member: -1, nullable: false }],
      },
    ]
  }
  return below(outer, path, [])
}

/** LogicalType TIMESTAMP or TIME of microseconds. */
function logicalTime(number: number, utc: boolean): [number, Thrift] {
  const unit = struct([2, struct()])
  return [10, struct([number, struct([1, { bool: utc }], [2, unit])])]
}

function refuse({ name, type }: { name: string; type: Type }): never {
  return mistake({
    code: 'unsupported',
    message: `not supported yet: column ${name} of type ${typeText(type)} in a parquet file`,
    hint: 'cast it to VARCHAR',
  })
}

const putInt = (bytes: Bytes, value: Value): void => bytes.i32(value as number)
const putLong = (bytes: Bytes, value: Value): void => bytes.i64(value as bigint)

const putText = (bytes: Bytes, value: Value): void =>
  putString(bytes, encoder.encode(value as string))

function putString(bytes: Bytes, given: Uint8Array): void {
  bytes.i32(given.length)
  bytes.put(given)
}

export class ParquetWriter implements SinkWriter {
  readonly #file: FileWriter
  readonly #nodes: readonly Node[]
  readonly #leaves: readonly Leaf[]
  readonly #codec: PageCodec
  readonly #groups: Thrift[] = []
  #pending: Row[] = []
  #position = 0
  #rows = 0
  #closed = false

  constructor(file: FileWriter, schema: Schema, codec: PageCodec) {
    this.#file = file
    this.#nodes = nodesOf(schema)
    this.#leaves = leavesOf(this.#nodes)
    this.#codec = codec
    this.#write(MAGIC)
  }

  write(rows: readonly Row[], ops: readonly Op[]): void {
    assert(!this.#closed, 'a closed sink is not written to')
    for (let index = 0; index < rows.length; index++) {
      assert(ops[index] === '+I', 'an append-only sink is given insertions only')
      this.#pending.push(rows[index]!)
      if (this.#pending.length === GROUP_ROWS) this.#flush()
    }
  }

  #write(bytes: Uint8Array): void {
    this.#file.write(bytes)
    this.#position += bytes.length
  }

  #flush(): void {
    const rows = this.#pending
    if (rows.length === 0) return
    let size = 0
    const columns = this.#leaves.map((leaf) => {
      const { chunk, bytes } = this.#column(leaf, rows)
      size += bytes
      return chunk
    })
    this.#groups.push(struct([1, list(columns)], [2, i64(size)], [3, i64(rows.length)]))
    this.#rows += rows.length
    this.#pending = []
  }

  /** Writes a page with the column's values; returns its ColumnChunk and how many bytes it has unpacked. */
  #column(leaf: Leaf, rows: readonly Row[]): { chunk: Thrift; bytes: number } {
    const { path, layout } = leaf
    const page = new Bytes()
    const { repeats, levels, levelMax, values } = entriesOf(leaf, rows)
    if (repeats !== null) putLevels(page, repeats, repeatsMax(leaf))
    if (levelMax > 0) putLevels(page, levels, levelMax)
    const present = values.filter((value) => value !== null)
    if (layout.physical === BOOLEAN) page.put(bitsOf(present.map((value) => value === true)))
    else for (const value of present) layout.put(page, value)
    const plain = page.done()
    const packed = pack(plain, this.#codec)
    const header = new Bytes()
    const count = levels.length
    const data = struct([1, i32(count)], [2, i32(PLAIN)], [3, i32(RLE)], [4, i32(RLE)])
    header.thrift(struct([1, i32(0)], [2, i32(plain.length)], [3, i32(packed.length)], [5, data]))
    const offset = this.#position
    this.#write(header.done())
    this.#write(packed)
    const bytes = header.used + plain.length
    const metadata = struct(
      [1, i32(layout.physical)],
      [2, list([i32(PLAIN), i32(RLE)])],
      [3, list(path.map((name) => ({ binary: name })))],
      [4, i32(codecNumbers[this.#codec])],
      [5, i64(count)],
      [6, i64(bytes)],
      [7, i64(this.#position - offset)],
      [9, i64(offset)],
    )
    return { chunk: struct([2, i64(offset)], [3, metadata]), bytes }
  }

  #footer(): Uint8Array {
    const leaves = [...this.#leaves]
    const elementsOf = (nodes: readonly Node[]): Thrift[] =>
      nodes.flatMap(({ name, nullable, members, repeated }) => {
        const repetition: [number, Thrift] = [3, i32(nullable ? 1 : 0)]
        const named: [number, Thrift] = [4, { binary: name }]
        if (repeated !== undefined) {
          const converted = i32(repeated === 'list' ? LIST : MAP)
          const inner = struct(
            [3, i32(REPEATED)],
            [4, { binary: repeated }],
            [5, i32(members.length)],
          )
          return [
            struct(repetition, named, [5, i32(1)], [6, converted]),
            inner,
            ...elementsOf(members),
          ]
        }
        if (members.length > 0) {
          return [struct(repetition, named, [5, i32(members.length)]), ...elementsOf(members)]
        }
        const { physical, element } = leaves.shift()!.layout
        const width: [number, Thrift] | null = physical === FIXED ? [2, i32(WIDE_BYTES)] : null
        return [struct([1, i32(physical)], width, repetition, named, ...element)]
      })
    const root = struct([4, { binary: 'schema' }], [5, i32(this.#nodes.length)])
    const footer = new Bytes()
    footer.thrift(
      struct(
        [1, i32(1)],
        [2, list([root, ...elementsOf(this.#nodes)])],
        [3, i64(this.#rows)],
        [4, list(this.#groups)],
        [6, { binary: 'millrace' }],
      ),
    )
    footer.i32(footer.used)
    footer.put(MAGIC)
    return footer.done()
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    closeWhole(this.#file, () => {
      this.#flush()
      this.#write(this.#footer())
    })
  }

  abort(): void {
    this.#closed = true
    this.#file.abort()
  }
}

/** Levels from 0 to `most`, as one run of the hybrid encoding behind its length. */
function putLevels(page: Bytes, found: readonly number[], most: number): void {
  const levels = new Bytes()
  if (found.every((level) => level === most)) {
    levels.varint(2 * found.length)
    levels.u8(most)
  } else {
    const width = 32 - Math.clz32(most)
    const groups = (found.length + 7) >> 3
    const bits = new Uint8Array(groups * width)
    found.forEach((level, row) => {
      for (let bit = 0; bit < width; bit++) {
        const to = row * width + bit
        bits[to >> 3]! |= ((level >> bit) & 1) << (to & 7)
      }
    })
    levels.varint(2 * groups + 1)
    levels.put(bits)
  }
  page.i32(levels.used)
  page.put(levels.done())
}

function bitsOf(flags: readonly boolean[]): Uint8Array {
  const bits = new Uint8Array((flags.length + 7) >> 3)
  flags.forEach((flag, at) => {
    if (flag) bits[at >> 3]! |= 1 << (at & 7)
  })
  return bits
}

function pack(bytes: Uint8Array, codec: PageCodec): Uint8Array {
  if (codec === 'uncompressed') return bytes
  return codec === 'gzip' ? gzipSync(bytes) : zstdCompressSync(bytes)
}
