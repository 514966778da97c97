/**
 * BindItem: the select list becomes items: an expression with a name each, several for a STRUCT and a star.
 *
 * How      A star is replaced by the columns it stands for, as if they were written; COLUMNS('…') chooses by a pattern.
 * Contract 1 (checked) every item is one column: of a STRUCT the fields behind the first are `inside` it.
 */
import type {
  Identifier,
  QueryBody,
  SelectItem,
  Expression as Tree,
} from '../../../../grammar/index.ts'
import type { Span } from '../../../base/index.ts'
import { schemas } from '../../../catalog/index.ts'
import {
  compileRegex,
  flatFields,
  membersOf,
  type Regex,
  RegexMistake,
  topColumns,
  typeText,
  widthOf,
} from '../../../data/index.ts'
import type { Expression, TableCall } from '../../logical.ts'
import { all, type Binding, fail, unsupported } from '../binding.ts'
import { bindValue, type Env } from '../expression/expression.ts'
import { columnOf, flatten } from '../expression/struct.ts'
import { outputName } from '../naming.ts'
import { bindRowCall, rowFunctions } from '../row-call.ts'
import { columnsNamed, columnsOfTable, findColumn, type Scope, type ScopeColumn } from '../scope.ts'
import { suggestion } from '../suggest.ts'

type SelectTree = QueryBody & { kind: 'select' }

export interface Item {
  tree: Tree
  name: string
  expression: Expression
  /** Does it belong to the STRUCT or the call before it? */
  inside: boolean
  /** A function that gives rows: the item and those inside it are its arguments until `finish` makes it one. */
  gives?: TableCall
}

export function bindItems(env: Env, tree: SelectTree): Item[] {
  const parts = tree.items.map((item) => () => {
    if (item.expression.kind === 'star') return bindStar(env, item.expression)
    const name = item.alias?.name ?? outputName(item.expression, env.scope)
    if (isRowCall(item.expression)) return rowItems(env, item.expression, name)
    return flatItems(env.binding, item.expression, name, bindValue(env, item.expression))
  })
  const items = all(parts).flat()
  if (items.length > 0) return items
  return fail('syntax', 'the select list has no columns', tree.items[0]!.span)
}

/** The items of an expression: several for a STRUCT. */
function flatItems(binding: Binding, tree: Tree, name: string, bound: Expression): Item[] {
  const fields = flatFields({ name, type: bound.type, nullable: bound.nullable })
  return flatten(binding, bound).map((expression, index) => {
    binding.spans.set(expression, tree.span)
    return { tree, name: fields[index]!.name, expression, inside: index > 0 }
  })
}

type CallTree = Tree & { kind: 'call' }

const isRowCall = (tree: Tree): tree is CallTree =>
  tree.kind === 'call' && rowFunctions.has(tree.name.name.toLowerCase())

/** A function that gives rows, as an item of its own. */
function rowItems(env: Env, tree: CallTree, name: string): Item[] {
  const call = bindRowCall(env, tree, name)
  if (call.columns.length > 1) {
    const names = topColumns(call.columns)
      .map(({ field }) => field.name)
      .join(', ')
    const hint = `write FROM t, ${tree.name.name}(…) AS e`
    unsupported(`a function of several columns (${names}) in the select list`, tree.span, hint)
  }
  return call.args.map((expression, index) => ({
    ...{ tree, name, expression, inside: index > 0 },
    ...(index === 0 ? { gives: call } : {}),
  }))
}

function bindStar(env: Env, tree: Tree & { kind: 'star' }): Item[] {
  const { change, pattern } = tree
  const all = starColumns(env.scope, tree)
  const columns = pattern === undefined ? all : matching(all, pattern, tree.span)
  const named = (names: readonly Identifier[], column: ScopeColumn) =>
    names.findIndex(({ name }) => name.toLowerCase() === column.path.at(-1)!.toLowerCase())
  const { exclude = [], replace = [], rename = [] } = change ?? {}
  const changed = [...exclude, ...[...replace, ...rename].map(({ name }) => name)]
  refuseUnknown(changed, columns)
  const [replaced, renamed] = [replace, rename].map((list) => list.map(({ name }) => name))
  const written: SelectItem[] = []
  env.binding.stars?.set(tree, written)
  return columns.flatMap((found) => {
    if (named(exclude, found) >= 0) return []
    const to = rename[named(renamed!, found)]
    const name = to?.to.name ?? found.path.at(-1)!
    const value = replace[named(replaced!, found)]?.value
    written.push(itemOf(value ?? pathOf(found, tree.span), name, env.scope))
    const bound =
      value === undefined ? columnOf(env.binding, env.scope, found) : bindValue(env, value)
    return flatItems(env.binding, value ?? tree, name, bound)
  })
}

/** How a column of a star is named alone. */
function pathOf({ qualifier, schema, path }: ScopeColumn, span: Span): Tree {
  const before = schema === undefined || schemas.isMainSchema(schema) ? [] : [schema]
  const names = qualifier === null ? path : [...before, qualifier, ...path]
  return { kind: 'column', path: names.map((name) => quotedName(name, span)), span }
}

const quotedName = (name: string, span: Span): Identifier => ({
  kind: 'identifier',
  name,
  quoted: !/^[a-z_][a-z_0-9]*$/i.test(name),
  span,
})

function itemOf(expression: Tree, name: string, scope: Scope): SelectItem {
  const { span } = expression
  const isNamed = outputName(expression, scope) === name
  const alias = isNamed ? null : quotedName(name, span)
  return { kind: 'select-item', expression, alias, span }
}

/** What a star leaves out or changes is among its columns, and is named once. */
function refuseUnknown(names: readonly Identifier[], columns: Scope): void {
  const known = columns.map(({ path }) => path.at(-1)!)
  for (const [index, { name, span }] of names.entries()) {
    const same = (other: string) => other.toLowerCase() === name.toLowerCase()
    if (!known.some(same)) {
      fail('unknown_name', `* has no column ${name}`, span, suggestion(name, known))
    }
    if (names.slice(0, index).some((other) => same(other.name))) {
      fail('duplicate_name', `column ${name} stands twice behind *`, span)
    }
  }
}

/** COLUMNS('…'). */
function matching(columns: Scope, pattern: string, span: Span): Scope {
  const regex = regexOf(pattern, span)
  const bytes = new TextEncoder()
  const found = columns.filter(({ path }) => {
    const name = bytes.encode(path.at(-1)!)
    return regex.match(name, 0, name.length, 0)
  })
  if (found.length > 0) return found
  return fail('unknown_name', `no column is found by '${pattern}'`, span)
}

function regexOf(pattern: string, span: Span): Regex {
  try {
    return compileRegex(pattern)
  } catch (error) {
    if (!(error instanceof RegexMistake)) throw error
    const message = `'${pattern}' is no regular expression: ${error.message}`
    return fail('invalid_literal', message, span)
  }
}

/** The columns that a star stands for; a STRUCT among them is one. */
function starColumns(scope: Scope, tree: Tree & { kind: 'star' }): Scope {
  const { qualifier: path } = tree
  const whole = scope.filter((entry) => entry.path.length === 1)
  if (path.length === 0) {
    if (scope.length === 0) fail('syntax', '* needs a FROM clause', tree.span)
    return whole.filter((entry) => !entry.merged && !entry.around)
  }
  if (path.length === 1 && !tree.ofColumn) {
    const columns = columnsOfTable(whole, path[0]!.name)
    if (columns.length > 0) return columns
  }
  if (path.length === 2 && !tree.ofColumn) {
    const columns = columnsOfTable(whole, path[1]!.name, path[0]!.name)
    if (columns.length > 0) return columns
  }
  const [found, second] = columnsNamed(scope, path)
  if (found !== undefined && second === undefined && membersOf(found.type) !== null) {
    return scope.filter(
      (entry) =>
        entry.path.length === found.path.length + 1 &&
        entry.index > found.index &&
        entry.index < found.index + widthOf(found.type),
    )
  }
  if (tree.ofColumn) {
    const column = findColumn(scope, path, tree.span)
    fail('type_mismatch', `${typeText(column.type)} has no members`, tree.span)
  }
  const tables = new Set(scope.flatMap((entry) => entry.qualifier ?? []))
  const written = path.map((part) => part.name).join('.')
  const hint = suggestion(written, tables)
  return fail('unknown_name', `table ${written} is not in FROM`, tree.span, hint)
}

export function itemAt(tree: Tree & { kind: 'number' }, items: Item[], clause: string): Item {
  const item = items.filter(({ inside }) => !inside)[Number(tree.text) - 1]
  if (item !== undefined) return item
  return fail('unknown_name', `${clause} ${tree.text} is not in the select list`, tree.span)
}

export function itemNamed(name: string, items: Item[]): Item | null {
  return items.find((item) => item.name.toLowerCase() === name.toLowerCase()) ?? null
}
