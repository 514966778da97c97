/**
 * Geohash: cells of the earth as texts of 32 letters; a longer text is a smaller cell within that of its beginning.
 *
 * How      Longitude and latitude are halved in turn, five halvings to a letter, longitude first.
 * Contract 1 (checked) a point lies in the cell that it is encoded to; halving is exact in doubles.
 */

const letters = '0123456789bcdefghjkmnpqrstuvwxyz'
const lettersMax = 12

/** Numbers of a cell along longitude and latitude, and how many halvings led to each. */
interface Cell {
  columns: [index: number, bits: number]
  rows: [index: number, bits: number]
}

/** [west, south, east, north] in degrees. */
export type Bounds = readonly [number, number, number, number]

function halved(value: number, low: number, high: number, bits: number): [number, number] {
  let [from, to, index] = [low, high, 0]
  for (let left = bits; left > 0; left--) {
    const half = (from + to) / 2
    index *= 2
    if (value >= half) {
      index++
      from = half
    } else to = half
  }
  return [index, bits]
}

/** The text of the cell of a point, 1 to 12 letters long. */
function geohashOf(lat: number, lng: number, length: number): string {
  const bits = 5 * length
  return cellText({
    columns: halved(lng, -180, 180, Math.ceil(bits / 2)),
    rows: halved(lat, -90, 90, Math.floor(bits / 2)),
  })
}

const bitOf = ([index, bits]: [number, number], at: number) =>
  Math.floor(index / 2 ** (bits - 1 - at)) % 2

function cellText({ columns, rows }: Cell): string {
  let text = ''
  for (let at = 0; at < columns[1] + rows[1]; at += 5) {
    let letter = 0
    for (let bit = at; bit < at + 5; bit++) {
      letter = letter * 2 + bitOf(bit % 2 === 0 ? columns : rows, bit >> 1)
    }
    text += letters[letter]
  }
  return text
}

/** Null of what is no geohash of 1 to 12 letters. */
function cellOf(text: string): Cell | null {
  if (!/^[0-9b-hjkmnp-z]{1,12}$/i.test(text)) return null
  const cell: Cell = { columns: [0, 0], rows: [0, 0] }
  let bit = 0
  for (const char of text.toLowerCase()) {
    const letter = letters.indexOf(char)
    for (let left = 4; left >= 0; left--, bit++) {
      const axis = bit % 2 === 0 ? cell.columns : cell.rows
      axis[0] = axis[0] * 2 + ((letter >> left) & 1)
      axis[1]++
    }
  }
  return cell
}

/** Null of what is no geohash. */
function geohashBounds(text: string): Bounds | null {
  const cell = cellOf(text)
  if (cell === null) return null
  const edge = ([, bits]: [number, number], index: number, span: number) =>
    (index / 2 ** bits) * span - span / 2
  const { columns, rows } = cell
  return [
    edge(columns, columns[0], 360),
    edge(rows, rows[0], 180),
    edge(columns, columns[0] + 1, 360),
    edge(rows, rows[0] + 1, 180),
  ]
}

/** North, north-east and on around the cell; fewer at a pole, fewer where they are the same. Null of no geohash. */
function geohashNeighbours(text: string): string[] | null {
  const cell = cellOf(text)
  if (cell === null) return null
  const [[column, columnBits], [row, rowBits]] = [cell.columns, cell.rows]
  const found = around.flatMap(([east, north]) => {
    const to = row + north
    if (to < 0 || to >= 2 ** rowBits) return []
    const width = 2 ** columnBits
    return [
      cellText({ columns: [(column + east + width) % width, columnBits], rows: [to, rowBits] }),
    ]
  })
  return [...new Set(found)]
}

const around = [
  [0, 1],
  [1, 1],
  [1, 0],
  [1, -1],
  [0, -1],
  [-1, -1],
  [-1, 0],
  [-1, 1],
] as const

export const geohashes = {
  lettersMax,
  of: geohashOf,
  bounds: geohashBounds,
  neighbours: geohashNeighbours,
}
