/** Blackhole: a sink that takes every kind of change and keeps nothing but their number. */
import { mistake } from '../base/index.ts'
import type { Connector, SinkWriter } from '../data/index.ts'
import { checkNames } from './options.ts'

export interface BlackholeWriter extends SinkWriter {
  /** Changes taken so far. */
  readonly count: number
}

export function blackholeConnector(): Connector {
  return {
    name: 'blackhole',
    bounded: true,
    sink: 'changes',
    source: false,
    check: (options, _, ignored) => checkNames(options, [], ignored),
    infer: () => null,
    open: () =>
      mistake({
        code: 'invalid_option',
        message: `connector 'blackhole' cannot be read`,
        hint: 'it is a sink: INSERT INTO it',
      }),
    create: (): BlackholeWriter => {
      let count = 0
      return {
        get count() {
          return count
        },
        write: (rows) => {
          count += rows.length
        },
        writeBatch: (batch) => {
          count += batch.rows
        },
        close: () => {},
      }
    },
  }
}
