/**
 * BindUserFunction: what a program says of a function that it gives, as the catalog keeps it.
 *
 * Contract 1 (checked) names of functions that are built in stay theirs; a name that was made is taken again only where
 *            `replace` says so and nothing calls it.
 */
import { parse } from '../../../../grammar/index.ts'
import { mistake, QueryMistake } from '../../../base/index.ts'
import type { CatalogFunction } from '../../../catalog/index.ts'
import type { Type } from '../../../data/index.ts'
import { type BindContext, type Binding, newBinding } from '../binding.ts'
import { derivedAggregateNames } from '../expression/derived-aggregate.ts'
import { functionNames } from '../expression/function.ts'
import { bindType } from '../expression/type-name.ts'
import type { UserMade } from '../expression/user-function.ts'

export interface GivenFunction {
  name: string
  of: 'scalar' | 'aggregate' | 'table'
  /** Types as SQL spells them. */
  args: readonly string[]
  /** Of all but table functions. */
  returns: string | null
  /** Of table functions, by name. */
  columns: Readonly<Record<string, string>>
  deterministic: boolean
  takesNull: boolean
  /** May the name be one that was made? */
  replace: boolean
}

export function bindGivenFunction(context: BindContext, given: GivenFunction): UserMade {
  const binding = newBinding(context)
  const { name, of, deterministic, takesNull } = given
  refuseTaken(binding, given)
  const parameters = given.args.map((text, at) => ({
    name: '',
    type: typeOf(binding, text, `argument ${at + 1} of ${name}`),
  }))
  const fields = Object.entries(given.columns).map(([column, text]) => {
    const type = typeOf(binding, text, `column ${column} of ${name}`)
    return { name: column, type, nullable: true }
  })
  if (of === 'table' && fields.length === 0) {
    mistake({
      code: 'invalid_option',
      message: `table function ${name} has no columns`,
      hint: "name them with their types: columns: { word: 'VARCHAR' }",
    })
  }
  const returns: Type =
    given.returns === null
      ? { kind: 'null' }
      : typeOf(binding, given.returns, `the result of ${name}`)
  return {
    kind: 'user',
    id: -1,
    name,
    of,
    parameters,
    returns,
    columns: { fields },
    deterministic,
    takesNull,
    written: null,
  }
}

function refuseTaken({ catalog }: Binding, { name, replace }: GivenFunction): void {
  const present = catalog.functionNamed(name)
  const isBuiltIn = [...functionNames(), ...derivedAggregateNames()].includes(name.toLowerCase())
  if (present === undefined && isBuiltIn) {
    mistake({ code: 'duplicate_name', message: `function ${name} is built in` })
  }
  if (present === undefined) return
  if (!replace) {
    const hint = 'DROP FUNCTION it first, or say replace: true'
    mistake({ code: 'duplicate_name', message: `function ${name} exists already`, hint })
  }
  refuseCalled(catalog, present)
}

/** A function that something calls stays as it is. */
function refuseCalled(catalog: Binding['catalog'], { name }: CatalogFunction): void {
  const callers = Object.values(catalog.callers(name)).flat()
  if (callers.length === 0) return
  const list = callers.join(', ')
  const hint = `drop ${list} first`
  mistake({ code: 'dependency', message: `function ${name} is needed by ${list}`, hint })
}

/** The type that a text names, as that of a value of its own. */
function typeOf(binding: Binding, text: string, what: string): Type {
  const [made, ...rest] = parse(`CREATE TABLE t (c ${text})`).script.statements
  const [column, ...others] = made?.kind === 'create-relation' ? made.columns : []
  const more = made !== undefined && rest.length + others.length === 0 ? column : undefined
  const isBare = more?.constraints.length === 0 && !more.notNull && more.computed === null
  if (!isBare || more.type === null) {
    return mistake({ code: 'syntax', message: `${what}: '${text}' is no type` })
  }
  try {
    return valueType(bindType(binding, more.type), what)
  } catch (error) {
    if (!(error instanceof QueryMistake)) throw error
    const diagnostics = error.diagnostics.map(({ span: _, ...one }) => {
      const prefix = one.message.includes(what) ? '' : `${what}: `
      return { ...one, message: `${prefix}${one.message}` }
    })
    throw new QueryMistake(diagnostics)
  }
}

/** The length of a VARCHAR does not count, as in Postgres; a STRUCT is no single value. */
function valueType(type: Type, what: string): Type {
  if (type.kind === 'boolean' && type.members !== undefined) {
    mistake({ code: 'unsupported', message: `not supported yet: ${what} of STRUCT` })
  }
  return type.kind === 'varchar' ? { kind: 'varchar' } : type
}
