/**
 * Exact: on which side of a line a point lies, without rounding.
 *
 * How      The determinant in doubles decides where it is greater than its own rounding error can be; else the same one
 *          in integers: coordinates are integers by one power of two, and where lines cross are fractions of them.
 * Contract 1 (checked) the sign is that of the real number.
 */
import type { Position } from './geometry.ts'

/** The point (x/w, y/w) of a plane that is drawn to a scale; w is above 0. */
export interface Point {
  readonly x: bigint
  readonly y: bigint
  readonly w: bigint
  /** Its coordinates; null where they are no doubles. */
  readonly near: Position | null
}

export type Segment = readonly [Point, Point]
type Axis = 'x' | 'y'

const step = 32
const factor = 2 ** step

/** A power of two by which all coordinates are integers; found when it is needed. */
export class Scale {
  readonly #positions: readonly Position[]
  #bits = -1

  constructor(positions: readonly Position[]) {
    this.#positions = positions
  }

  get bits(): number {
    if (this.#bits < 0) {
      const most = (all: number, value: number) => Math.max(all, fractionBits(value))
      this.#bits = this.#positions.flat().reduce(most, 0)
    }
    return this.#bits
  }

  whole(value: number): bigint {
    let rest = value
    let left = this.bits
    for (; !Number.isInteger(rest); left -= step) rest *= factor
    return BigInt(rest) << BigInt(left)
  }

  /** The coordinates of a point, rounded. */
  near({ x, y, w, near }: Point): Position {
    const scaled = w << BigInt(this.bits)
    return near ?? [quotient(x, scaled), quotient(y, scaled)]
  }
}

/** Digits beyond those of a double, so that cutting a quotient does not show. */
const quotientBits = 64

function quotient(a: bigint, b: bigint): number {
  const lacking = quotientBits + bitsOf(b) - bitsOf(a)
  const shift = Math.max(lacking, 0)
  return Number((a << BigInt(shift)) / b) / 2 ** shift
}

/** At least the number of binary digits, at most three more. */
const bitsOf = (value: bigint) => 4 * value.toString(16).length

function fractionBits(value: number): number {
  let bits = 0
  for (let rest = value; !Number.isInteger(rest); bits += step) rest *= factor
  return bits
}

/** A point that was given. */
export class Corner implements Point {
  readonly near: Position
  readonly w = 1n
  readonly #scale: Scale
  #x: bigint | undefined
  #y: bigint | undefined

  constructor(near: Position, scale: Scale) {
    this.near = near
    this.#scale = scale
  }

  get x(): bigint {
    return (this.#x ??= this.#scale.whole(this.near[0]))
  }

  get y(): bigint {
    return (this.#y ??= this.#scale.whole(this.near[1]))
  }
}

const fraction = (x: bigint, y: bigint, w: bigint): Point =>
  w < 0n ? { x: -x, y: -y, w: -w, near: null } : { x, y, w, near: null }

const sign = (value: bigint) => (value > 0n ? 1 : value < 0n ? -1 : 0)

/** What rounding may add to the determinant, by the size of its two products. */
const roundingError = 3.4e-16

/** 1 where c lies to the left of the line from a to b, −1 to the right, 0 on it. */
export function side(a: Point, b: Point, c: Point): number {
  if (a.near !== null && b.near !== null && c.near !== null) {
    const left = (a.near[0] - c.near[0]) * (b.near[1] - c.near[1])
    const right = (a.near[1] - c.near[1]) * (b.near[0] - c.near[0])
    const size = Math.abs(left) + Math.abs(right)
    // Below this a product may have lost digits; an infinite size fails the comparison.
    if (size > 1e-280 && Math.abs(left - right) > roundingError * size) {
      return Math.sign(left - right)
    }
  }
  const [ax, ay] = [a.x * c.w - c.x * a.w, a.y * c.w - c.y * a.w]
  const [bx, by] = [b.x * c.w - c.x * b.w, b.y * c.w - c.y * b.w]
  return sign(ax * by - ay * bx)
}

/** −1, 0 or 1 as a coordinate of a is less than, equal to or greater than that of b. */
export function compareAxis(a: Point, b: Point, axis: Axis): number {
  if (a.near !== null && b.near !== null) {
    const at = axis === 'x' ? 0 : 1
    return a.near[at] < b.near[at] ? -1 : a.near[at] > b.near[at] ? 1 : 0
  }
  return sign(a[axis] * b.w - b[axis] * a.w)
}

/** By x, then by y. */
export function comparePoints(a: Point, b: Point): number {
  return compareAxis(a, b, 'x') || compareAxis(a, b, 'y')
}

export function middle(a: Point, b: Point): Point {
  return fraction(a.x * b.w + b.x * a.w, a.y * b.w + b.y * a.w, 2n * a.w * b.w)
}

/** Where a segment between corners has the height in the middle between two others. */
export function atHeight([a, b]: Segment, low: Point, high: Point): Point {
  const height = low.y + high.y
  const rise = b.y - a.y
  return fraction(2n * a.x * rise + (b.x - a.x) * (height - 2n * a.y), height * rise, 2n * rise)
}

/** Does the point lie on the segment, its ends included? */
export function isOn([a, b]: Segment, point: Point): boolean {
  const isBetween = (axis: Axis) => compareAxis(a, point, axis) * compareAxis(b, point, axis) <= 0
  return isBetween('x') && isBetween('y') && side(a, b, point) === 0
}

/** Where two segments between corners cross or touch; where they share more, the ends of what they share. */
export function meetings(s: Segment, t: Segment): Point[] {
  if (areApart(s, t, 'x') || areApart(s, t, 'y')) return []
  const ends = [...t.filter((end) => isOn(s, end)), ...s.filter((end) => isOn(t, end))]
  if (ends.length > 0) return ends
  const isCut = ([a, b]: Segment, [c, d]: Segment) => side(a, b, c) * side(a, b, d) < 0
  return isCut(s, t) && isCut(t, s) ? [crossing(s, t)] : []
}

function areApart(s: Segment, t: Segment, axis: Axis): boolean {
  const isBeyond = (one: Point, all: Segment, by: number) =>
    all.every((end) => compareAxis(one, end, axis) === by)
  return [1, -1].some((by) => s.every((end) => isBeyond(end, t, by)))
}

function crossing([a, b]: Segment, [c, d]: Segment): Point {
  const [ux, uy] = [b.x - a.x, b.y - a.y]
  const [vx, vy] = [d.x - c.x, d.y - c.y]
  const w = ux * vy - uy * vx
  const along = (c.x - a.x) * vy - (c.y - a.y) * vx
  return fraction(a.x * w + ux * along, a.y * w + uy * along, w)
}
