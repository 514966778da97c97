/**
 * BindFile: files that stand in FROM themselves, `'f.csv'` and `READ_CSV('data/*.csv', header = true)`.
 *
 * How      The same connector that stands behind tables over files finds the columns; the scan carries what is needed
 *          to open the files again. Options are those of CREATE TABLE, in the short spelling too (`header`).
 * Contract 1 (checked) a row that cannot be decoded fails the statement: there is no table whose `.errors` could tell.
 */
import type { Option, Relation as TreeRelation } from '../../../../grammar/index.ts'
import { QueryMistake, type Span } from '../../../base/index.ts'
import type { Connector } from '../../../data/index.ts'
import { scan } from '../../node.ts'
import { type Binding, fail } from '../binding.ts'
import type { BoundRelation } from '../relation.ts'
import { scopeOf } from '../scope.ts'

type File = TreeRelation & { kind: 'file' }

export const connectorName = 'filesystem'

/** Formats by function. */
const formats: ReadonlyMap<string, string> = new Map([
  ['READ_CSV', 'csv'],
  ['READ_JSON', 'json'],
  ['READ_PARQUET', 'parquet'],
  ['READ_ARROW', 'arrow'],
])

export function bindFile(binding: Binding, tree: File): BoundRelation {
  const connector = fileConnector(binding, tree)
  const options = new Map(tree.options.map(({ key, value }) => [key, value]))
  options.set('path', tree.path)
  const format = formats.get(tree.function ?? '')
  if (format !== undefined) options.set('format', format)
  const schema = placed(tree, () => {
    connector.check(options, binding.fileSchema)
    return binding.fileSchema ?? connector.infer(options)
  })
  if (schema === null) fail('malformed_file', `${tree.path} has no columns`, tree.span)
  const name =
    tree.function === null ? `'${tree.path}'` : `${tree.function.toLowerCase()}('${tree.path}')`
  const plan = scan(
    {
      name,
      schema,
      watermark: null,
      updating: false,
      key: null,
      outside: {
        outside: true,
        file: { connector: connectorName, options: [...options], schema },
      },
    },
    schema.fields.map((_, index) => index),
  )
  return { plan, scope: scopeOf(plan.output, tree.alias?.name ?? plainName(tree)) }
}

/** The connector that reads and writes files. */
export function fileConnector(binding: Binding, { span }: { span: Span }): Connector {
  const connector = binding.connectors.get(connectorName)
  if (connector !== undefined) return connector
  return fail('invalid_option', `connector '${connectorName}' is not there for files`, span)
}

/** `read_csv`, or `f` of `dir/f.csv`. */
function plainName(tree: File): string {
  if (tree.function !== null) return tree.function.toLowerCase()
  return tree.path.slice(tree.path.lastIndexOf('/') + 1).replace(/(?<=.)\..*$/, '')
}

/** A mistake of an option is put where the option stands. */
export function placed<T>(tree: { options: Option[]; span: Span }, question: () => T): T {
  try {
    return question()
  } catch (error) {
    if (!(error instanceof QueryMistake)) throw error
    throw new QueryMistake(
      error.diagnostics.map((d) => {
        const named = tree.options.filter(({ key }) => d.message.toLowerCase().includes(key))
        const longest = named.sort((a, b) => b.key.length - a.key.length)[0]
        return { ...d, span: d.span ?? (longest ?? tree).span }
      }),
    )
  }
}
