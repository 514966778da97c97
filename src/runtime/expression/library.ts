/**
 * Library: what the functions of the library do with single values, by their names in plans.
 *
 * See      src/plan/library.ts says which there are
 */
import { arrays } from './library/array.ts'
import { clocks } from './library/clock.ts'
import { collections } from './library/collection.ts'
import { geometries } from './library/geometry.ts'
import { documents } from './library/json.ts'
import { lambdas } from './library/lambda.ts'
import { numbers } from './library/math.ts'
import { moments } from './library/moment.ts'
import { operators } from './library/operator.ts'
import { patterns } from './library/pattern.ts'
import { randoms } from './library/random.ts'
import { texts } from './library/text.ts'
import { times } from './library/time.ts'
import type { Makers } from './maker.ts'
import { periods } from './period.ts'

export const libraryMakers: Makers = {
  ...texts,
  ...patterns,
  ...numbers,
  ...times,
  ...documents,
  ...moments,
  ...clocks,
  ...collections,
  ...arrays,
  ...lambdas,
  ...geometries,
  ...operators,
  ...randoms,
  ...periods,
}
