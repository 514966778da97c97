/**
 * BindCopy: COPY … TO writes the rows of a query into files, COPY … FROM is an INSERT of the rows of a file.
 *
 * How      Both go by the connector that stands behind tables over files, whose options they take, in the short
 *          spelling too. Without FORMAT the path tells, and else it is csv; csv is written with a header, unless
 *          `HEADER false` stands there. A file is read with the types of the target's columns.
 * Contract 1 (checked) a row that cannot be decoded fails the statement, and nothing is inserted.
 */
import type { Query, Statement, Relation as TreeRelation } from '../../../../grammar/index.ts'
import { QueryMistake } from '../../../base/index.ts'
import type { Connector, ConnectorOptions } from '../../../data/index.ts'
import type { BoundStatement } from '../../bind.ts'
import { type Binding, fail, unsupported } from '../binding.ts'
import { bindQuery } from '../query.ts'
import { findRelation } from '../relation.ts'
import { connectorName, fileConnector, placed } from './file.ts'
import { bindInsert, columnsOf } from './insert.ts'

type Copy = Statement & { kind: 'copy' }
type Options = Map<string, string | number | boolean>

/** The path that stands for standard output. */
const standard = '-'

export function bindCopy(binding: Binding, tree: Copy): BoundStatement {
  return tree.into ? bindCopyTo(binding, tree) : bindCopyFrom(binding, tree)
}

function bindCopyTo(binding: Binding, tree: Copy): BoundStatement {
  const { notices } = binding
  const query = queryOf(tree)
  if (query.emit !== null) unsupported('EMIT in COPY', query.emit.span)
  const plan = bindQuery(binding, query, { top: true })
  const connector = fileConnector(binding, tree)
  const options = optionsOf(tree)
  const path = String(options.get('path'))
  if (!options.has('format') && !extensionTells(connector, options)) options.set('format', 'csv')
  const isCsv = /(^|\.)(csv|tsv)(\.\w+)?$/i.test(String(options.get('format') ?? path))
  if (isCsv && !options.has('header') && !options.has('csv.header')) options.set('header', true)
  const schema = { fields: plan.output }
  placed(tree, () => connector.check(options, schema))
  return { kind: 'copy', plan, connector: connectorName, options: [...options], notices }
}

/** Does the path say in which format it is? */
function extensionTells(connector: Connector, options: ConnectorOptions): boolean {
  try {
    connector.check(new Map([['path', options.get('path')!]]), null)
    return true
  } catch (error) {
    if (!(error instanceof QueryMistake)) throw error
    return !error.diagnostics.some(({ message }) => message.includes("'format' is missing"))
  }
}

function bindCopyFrom(binding: Binding, tree: Copy): BoundStatement {
  const { copied, span } = tree
  if (copied.kind === 'query-statement') fail('syntax', 'a query takes no rows', copied.span)
  if (tree.file === null) unsupported('COPY … FROM STDIN', span)
  const target = findRelation(binding, copied.path)
  if (target.kind !== 'stream' && target.kind !== 'table') {
    unsupported('COPY … FROM into other than a stored relation', copied.path.span)
  }
  const options = optionsOf(tree)
  const connector = fileConnector(binding, tree)
  if (!options.has('format') && !extensionTells(connector, options)) options.set('format', 'csv')
  const columns = columnsOf(target, { ...copied, span })
  binding.fileSchema = { fields: columns }
  const file: TreeRelation = {
    kind: 'file',
    function: null,
    path: tree.file,
    options: [...options]
      .filter(([key]) => key !== 'path')
      .map(([key, value]) => {
        const given = tree.options.find((option) => keyOf(option.key) === key)
        return { kind: 'option', key, value, span: given?.span ?? span }
      }),
    alias: null,
    span,
  }
  const none = { conflict: null, returning: [] }
  const { path, columns: names } = copied
  const source = starOf(file)
  const insert = { kind: 'insert' as const, target: path, columns: names, source, ...none, span }
  const bound = bindInsert(binding, insert)
  return bound.kind === 'insert' ? { ...bound, verb: 'COPY' } : bound
}

/** The query whose rows are written. */
function queryOf({ copied }: Copy): Query {
  if (copied.kind === 'query-statement') return copied.query
  const { path, columns, span } = copied
  const query = starOf({ kind: 'table', path, alias: null, span })
  if (columns.length === 0 || query.body.kind !== 'select') return query
  const items = columns.map((name) => ({
    kind: 'select-item' as const,
    expression: { kind: 'column' as const, path: [name], span: name.span },
    alias: null,
    span: name.span,
  }))
  return { ...query, body: { ...query.body, items } }
}

/** SELECT * FROM a relation. */
function starOf(from: TreeRelation): Query {
  const { span } = from
  const star = { kind: 'star' as const, qualifier: [], span }
  const items = [{ kind: 'select-item' as const, expression: star, alias: null, span }]
  const rest = { distinct: false, where: null, groupBy: [], having: null, qualify: null }
  const clauses = { with: [], orderBy: [], limit: null, offset: null, emit: null }
  return { kind: 'query', body: { kind: 'select', items, from, ...rest, span }, ...clauses, span }
}

/** Options by their names in the connector. */
function optionsOf(tree: Copy): Options {
  const options: Options = new Map()
  for (const { key, value, span } of tree.options) {
    const name = keyOf(key)
    if (options.has(name)) fail('invalid_option', `option ${key} stands here twice`, span)
    options.set(name, value)
  }
  const parquet = /parquet/i.test(String(options.get('format') ?? tree.file))
  const codec = options.get('compression')
  if (parquet && codec !== undefined) {
    options.delete('compression')
    options.set('parquet.compression', codec)
  }
  return options.set('path', tree.file?.replace(/^-$/, './-') ?? standard)
}

const keyOf = (key: string): string => (key === 'partition_by' ? 'partition.columns' : key)
