/**
 * BindChangelog: TO_CHANGELOG, the changes of a relation as rows that only come.
 *
 * How      Columns are as in Flink: those of PARTITION BY, the code of the change, the others. Rows are told apart by
 *          the key that is known of them: with one, a row that goes and one that comes are an update.
 */
import type { Expression as Tree, Relation as TreeRelation } from '../../../grammar/index.ts'
import type { Op } from '../../data/index.ts'
import { changelog } from '../commit-node.ts'
import { type Binding, fail } from './binding.ts'
import { type BoundRelation, bindRelation } from './relation.ts'
import { findColumn, scopeOf } from './scope.ts'

type Codes = Record<Op, string | null>

/** The changes in the words of Flink. */
const words: Readonly<Record<string, Op>> = {
  INSERT: '+I',
  UPDATE_BEFORE: '-U',
  UPDATE_AFTER: '+U',
  DELETE: '-D',
}
const hint = `write MAP['INSERT, UPDATE_AFTER', 'upsert', 'DELETE', 'delete']`

export function bindChangelog(
  binding: Binding,
  tree: TreeRelation & { kind: 'changelog' },
): BoundRelation {
  const { source, mapping, op } = tree
  const given = bindRelation(binding, source, [])
  const columns = tree.partition.map((name) => findColumn(given.scope, [name], name.span).index)
  const name = op?.name ?? 'op'
  const { plan } = given
  if (plan.output.some((field) => field.name.toLowerCase() === name.toLowerCase())) {
    const message = `the rows have a column ${name}, which is to say what changed`
    const help = 'give it another name: op => DESCRIPTOR(change)'
    fail('duplicate_name', message, op?.span ?? tree.span, help)
  }
  const told = changelog(plan, {
    partition: [...new Set(columns)],
    identity: plan.key,
    codes: mapping === null ? namesThemselves() : codesOf(mapping),
    name,
  })
  const qualifier = tree.alias?.name ?? given.scope[0]?.qualifier ?? null
  return { plan: told, scope: scopeOf(told.output, qualifier) }
}

function namesThemselves(): Codes {
  return Object.fromEntries(Object.entries(words).map(([word, op]) => [op, word])) as Codes
}

/** MAP['INSERT, UPDATE_AFTER', 'u', 'DELETE', 'd']; what it does not name is left out. */
function codesOf(tree: Tree): Codes {
  const isMap = tree.kind === 'call' && tree.name.name === 'map_value'
  if (!isMap || tree.args.some((arg) => arg.kind !== 'string')) {
    fail('invalid_argument', 'OP_MAPPING is a MAP of constants', tree.span, hint)
  }
  const codes: Codes = { '+I': null, '-U': null, '+U': null, '-D': null }
  for (let at = 0; at < tree.args.length; at += 2) {
    const [key, value] = [tree.args[at]!, tree.args[at + 1]!]
    if (key.kind !== 'string' || value?.kind !== 'string') continue
    for (const part of key.value.split(',')) {
      const word = part.trim()
      const op = words[word.toUpperCase()]
      if (op === undefined) {
        const known = `changes are ${Object.keys(words).join(', ')}`
        fail('invalid_argument', `${word || 'nothing'} is no change`, key.span, known)
      }
      if (codes[op] !== null) fail('invalid_argument', `${word} stands twice`, key.span, hint)
      codes[op] = value.value
    }
  }
  return codes
}
