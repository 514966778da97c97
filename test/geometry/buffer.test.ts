/**
 * Buffers against distances: what is nearer than the distance lies in them, what is further does not.
 */
import { expect, test } from 'vitest'
import { type Random, seededRandom } from '../../src/base/index.ts'
import {
  type Geometry,
  geometryText,
  measures,
  type Position,
  pointGeometry,
  relations,
  shapes,
} from '../../src/geometry/index.ts'
import { sized } from '../size.ts'

const quarter = 8
const within = 1 - Math.cos(Math.PI / (4 * quarter))

function drawn(random: Random): Geometry {
  // Whole coordinates make sides that touch, cross in corners and lie on each other.
  const place = (): Position => [random.below(10), random.below(10)]
  const path = Array.from({ length: 2 + random.below(4) }, place)
  const [west, south] = place()
  const [east, north] = [west + 3 + random.below(6), south + 3 + random.below(6)]
  const ring = (inset: number): Position[] => [
    [west + inset, south + inset],
    [east - inset, south + inset],
    [east - inset, north - inset],
    [west + inset, north - inset],
    [west + inset, south + inset],
  ]
  switch (random.below(3)) {
    case 0:
      return { kind: 4, parts: path.map((at) => [[at]]) }
    case 1:
      return { kind: 2, parts: [[path]] }
    default:
      return { kind: 3, parts: [random.below(2) === 0 ? [ring(0)] : [ring(0), ring(1)]] }
  }
}

test('property: a buffer holds what is nearer than its distance, and nothing that is further', () => {
  const random = seededRandom(7)
  for (let count = sized(20, 400); count > 0; count--) {
    const geometry = drawn(random)
    const distance = [0.5, 1, 1.5, 2][random.below(4)]! * (random.below(3) === 0 ? -1 : 1)
    const buffer = shapes.buffered(geometry, distance, quarter)
    const edge: Geometry =
      geometry.kind === 3 ? { kind: 5, parts: geometry.parts.flat().map((one) => [one]) } : geometry
    for (let points = 20; points > 0; points--) {
      const point = pointGeometry([random.next() * 20 - 5, random.next() * 20 - 5])
      const away = measures.distance(distance < 0 ? edge : geometry, point)!
      const size = Math.abs(distance)
      if (away > size * (1 - 2 * within) && away <= size * 1.000001) continue
      const isInside = relations.cover(geometry, point)
      const expected = distance > 0 ? away < size : geometry.kind === 3 && isInside && away > size
      const told = `${geometryText(geometry)} by ${distance}: ${geometryText(point)}`
      expect(relations.cover(buffer, point), told).toBe(expected)
    }
  }
})

test('the area of a buffer of a line is that of its rectangle and of a disc', () => {
  const line: Geometry = { kind: 2, parts: [[[[0, 0], [30, 40]]]] } // biome-ignore format: short
  const area = measures.area(shapes.buffered(line, 2, 200))
  expect(area).toBeCloseTo(50 * 4 + Math.PI * 4, 3)
})
