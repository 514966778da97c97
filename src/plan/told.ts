/**
 * Told: the columns of what a subscription tells: those of its query, or of the messages made of them, and in front of
 * them what is known of each change.
 */
import type { Metadata } from '../../grammar/index.ts'
import { type Field, flatFields, type Type, topColumns } from '../data/index.ts'

/** How the changes of a commit become messages: one for each key. */
export interface KeyedEnvelope {
  form: 'upsert' | 'debezium'
  /** Flat columns that tell rows apart. */
  key: number[]
  /** Are there never two rows with one key? */
  proven: boolean
}

const metadataTypes: Record<Metadata, Type> = {
  _cycle: { kind: 'bigint' },
  _ts: { kind: 'timestamp', precision: 6, zoned: true },
  _op: { kind: 'varchar' },
  _diff: { kind: 'integer' },
  _progress: { kind: 'boolean' },
}

/** A row that tells of progress has no columns of its own. */
export function toldFields(
  metadata: readonly Metadata[],
  output: readonly Field[],
  envelope: KeyedEnvelope | null,
): Field[] {
  const isProgress = metadata.includes('_progress')
  const own = metadata.map((name): Field => {
    const nullable = isProgress && (name === '_op' || name === '_diff')
    return { name, type: metadataTypes[name], nullable }
  })
  const rest = envelope === null ? [...output] : messageFields(output, envelope)
  return [...own, ...(isProgress ? rest.map((field) => ({ ...field, nullable: true })) : rest)]
}

/** `_state`, the key, then the other columns: as they are, or before and after the change. */
function messageFields(output: readonly Field[], { form, key }: KeyedEnvelope): Field[] {
  const state: Field = { name: '_state', type: { kind: 'varchar' }, nullable: false }
  const keys = key.map((column) => output[column]!)
  const others = topColumns(output).filter(({ at }) => !key.includes(at))
  const named = (prefix: string) =>
    others.flatMap(({ field }) =>
      flatFields({ ...field, name: `${prefix}${field.name}`, nullable: true }),
    )
  const values = form === 'upsert' ? named('') : [...named('before_'), ...named('after_')]
  return [state, ...keys, ...values]
}
