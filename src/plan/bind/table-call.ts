/**
 * BindTableCall: a table function of the program in FROM: `FROM words('a b c') AS w`.
 *
 * How      As a file that stands in FROM itself: the scan carries what is needed to ask for the rows again, which is
 *          the function's name and its arguments.
 * Contract 1 (checked) the arguments are constants. 2 (checked) a row that does not fit the columns fails the
 *            statement: there is no table whose `.errors` could tell.
 */
import type { Relation as TreeRelation } from '../../../grammar/index.ts'
import { fold } from '../fold.ts'
import { scan } from '../node.ts'
import { type Binding, fail, unsupported } from './binding.ts'
import type { Env } from './expression/expression.ts'
import { boundArguments, functionCalled } from './expression/sql-function.ts'
import type { BoundRelation } from './relation.ts'
import { rowFunctions } from './row-call.ts'
import { scopeOf } from './scope.ts'
import { suggestion } from './suggest.ts'
import { plannedFunctions } from './vocabulary.ts'

/** The connector that asks functions of the program for rows. */
const connectorName = 'function'

export function bindTableCall(
  binding: Binding,
  tree: TreeRelation & { kind: 'function' },
): BoundRelation {
  const { name } = tree.name
  if (tree.ordinality === true) unsupported(`WITH ORDINALITY of ${name}`, tree.span)
  const made = functionCalled(binding, name, tree.span)
  if (made?.kind !== 'user' || made.of !== 'table') {
    if (plannedFunctions.has(name.toLowerCase()))
      unsupported(`table function ${name}`, tree.name.span)
    if (made !== undefined) {
      const hint = `write SELECT ${name}(…)`
      fail('type_mismatch', `${name} gives a value, and no rows for FROM`, tree.name.span, hint)
    }
    const tables = binding.catalog.functions().flatMap((one) => {
      return one.kind === 'user' && one.of === 'table' ? [one.name] : []
    })
    const hint = suggestion(name, [...tables, ...rowFunctions])
    fail('unknown_name', `table function ${name} does not exist`, tree.name.span, hint)
  }
  const env: Env = { binding, scope: [], clause: made.name, aggregates: null }
  const read = tree.args.find(readsColumn)
  if (read !== undefined) {
    unsupported(`columns as arguments of table function ${name}`, read.span, 'give it constants')
  }
  const values = boundArguments(env, made, tree).map((arg, index) => {
    const folded = fold(arg)
    if (folded.kind === 'literal') return folded.value
    const hint = 'its rows are asked for once, before there are others'
    return fail('type_mismatch', `${name} takes constants`, tree.args[index]!.span, hint)
  })
  const { columns: schema } = made
  const given = JSON.stringify({ values, types: made.parameters.map(({ type }) => type) })
  const options: [string, string][] = [
    ['function', made.name],
    ['arguments', given],
  ]
  const plan = scan(
    {
      name: made.name,
      schema,
      watermark: null,
      updating: false,
      key: null,
      outside: { outside: true, file: { connector: connectorName, options, schema } },
    },
    schema.fields.map((_, index) => index),
  )
  return { plan, scope: scopeOf(plan.output, tree.alias?.name ?? made.name) }
}

function readsColumn(tree: unknown): boolean {
  if (typeof tree !== 'object' || tree === null) return false
  if ((tree as { kind?: string }).kind === 'column') return true
  return Object.values(tree).some(readsColumn)
}
