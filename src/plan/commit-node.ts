/**
 * CommitNode: nodes whose rows wait: for the commit, for what EMIT says, or for the close of their windows.
 */
import { assert } from '../base/index.ts'
import type { ChangelogShape, Holding, Plan } from './logical.ts'

type NodeOf<Kind extends Plan['kind']> = Extract<Plan, { kind: Kind }>

export function number(input: Plan, partition: readonly number[]): NodeOf<'number'> {
  assert(!input.updating, 'rows that are numbered only come')
  const width = input.output.length
  assert(
    partition.every((column) => column < width),
    'rows are numbered by columns of the input',
  )
  return {
    kind: 'number',
    input,
    partition: [...partition],
    output: [...input.output, { name: 'number', type: { kind: 'bigint' }, nullable: false }],
    updating: false,
    key: input.key ?? [...partition, width],
    // Rows wait for the commit: their windows may have closed.
    window: null,
  }
}

export function hold(input: Plan, holding: Holding): NodeOf<'hold'> {
  assert(
    holding.graceMicros === null || input.window !== null,
    'only what has windows waits for them',
  )
  const { output, updating, key, window: windowColumns } = input
  const told = holding.repeats ? { updating: false, key: null } : { updating, key }
  return { kind: 'hold', ...holding, input, output, ...told, window: windowColumns }
}

/** The arguments of a hold node. */
export function holdingOf(plan: NodeOf<'hold'>): Holding {
  const { periodMicros, counted, graceMicros, repeats } = plan
  return { periodMicros, counted, graceMicros, repeats }
}

export function close(input: Plan): NodeOf<'close'> {
  assert(input.window?.watermarked === true, 'a watermark closes the windows')
  const { output, key, window } = input
  return { kind: 'close', input, output, updating: false, key, window }
}

export function changelog(input: Plan, shape: ChangelogShape): NodeOf<'changelog'> {
  const { partition, name } = shape
  const others = [...input.output.keys()].filter((column) => !partition.includes(column))
  const at = (columns: readonly number[]) => columns.map((column) => input.output[column]!)
  const code = { name, type: { kind: 'varchar' as const }, nullable: false }
  const output = [...at(partition), code, ...at(others)]
  return { kind: 'changelog', ...shape, input, output, updating: false, key: null, window: null }
}

/** The arguments of a changelog node. */
export function changelogShapeOf(plan: NodeOf<'changelog'>): ChangelogShape {
  const { partition, identity, codes, name } = plan
  return { partition, identity, codes, name }
}
