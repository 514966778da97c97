/**
 * BindSetting: SET, RESET and SHOW of a setting.
 *
 * How      A value that would change an answer and cannot is refused; a setting of another system is passed over, and
 *          said to be.
 */
import type { Statement } from '../../../../grammar/index.ts'
import { schemas } from '../../../catalog/index.ts'
import { zoneNamed } from '../../../data/index.ts'
import type { BoundStatement } from '../../bind.ts'
import { bytesOfSize, type Setting, settingNamed, settings, valueIn } from '../../setting.ts'
import { type Binding, fail, unsupported } from '../binding.ts'
import { suggestion } from '../suggest.ts'
import { told } from './show.ts'

type Of<Kind> = Extract<Statement, { kind: Kind }>

export function bindSet(binding: Binding, tree: Of<'set'>): BoundStatement {
  const { notices } = binding
  const setting = settingNamed(tree.name)
  if (setting === undefined) {
    notices.push(`setting ${tree.name} is not known here and is ignored`)
    return { kind: 'set', label: `SET ${tree.name}`, values: [], notices }
  }
  if (setting.schemas === true && tree.value !== null) return bindSearchPath(binding, tree)
  const value = tree.value === null ? setting.values[0]! : String(tree.value).toLowerCase()
  const size = setting.sized === true ? (bytesOfSize(value) ?? 0) : 0
  const zone = setting.zones === true ? zoneOf(tree) : null
  if (!setting.values.includes(value) && size === 0 && zone === null) refuse(setting, tree)
  checkOverflow(setting, tree)
  const { name } = setting
  const policy = tree.overflow === 'evict oldest' ? ' on overflow evict oldest' : ''
  return {
    kind: 'set',
    label: `SET ${name}`,
    values: [{ name, value: zone ?? (size > 0 ? `${size} b${policy}` : value) }],
    notices,
  }
}

/** SET search_path, and USE. */
function bindSearchPath(binding: Binding, { name, value, span }: Of<'set'>): BoundStatement {
  const { catalog, notices } = binding
  const names = String(value)
    .split(',')
    .map((one) => one.trim().replace(/^"(.*)"$/, '$1'))
  const found = names.flatMap((one) => {
    const [first, ...rest] = one.split('.')
    const schema =
      rest.length > 0 && first!.toLowerCase() === schemas.databaseName ? rest.join('.') : one
    // What Postgres has in front: the schema of the user, and what is found anyway.
    if (schema === '$user' || schema.toLowerCase() === 'pg_catalog') return []
    return [
      schemas.isMainSchema(schema)
        ? schemas.mainSchema
        : (catalog.schemaNamed(schema) ?? refuseSchema(binding, schema, span)),
    ]
  })
  const searched = found.length === 0 ? [schemas.mainSchema] : [...new Set(found)]
  const values = [{ name: 'search_path', value: searched.join(', ') }]
  return { kind: 'set', label: `SET ${name}`, values, notices }
}

function refuseSchema({ catalog }: Binding, name: string, span: Of<'set'>['span']): never {
  if (schemas.systemSchemas.includes(name.toLowerCase())) {
    unsupported(`${name} in search_path`, span, `write ${name}. before the names of its relations`)
  }
  const near = suggestion(name, [schemas.mainSchema, ...catalog.schemas()])
  return fail(
    'unknown_name',
    `schema ${name} does not exist`,
    span,
    near ?? 'SHOW SCHEMAS lists them',
  )
}

/** Names of zones keep their letters; those of UTC are one. */
function zoneOf({ value }: Of<'set'>): string | null {
  const name = String(value)
  if (zoneNamed(name) === null) return null
  return /^(etc\/)?(utc|gmt|uct|zulu|universal|greenwich)$/i.test(name) ? 'utc' : name
}

/** A query whose state is too large fails; to evict or spill is for later. */
function checkOverflow({ name, sized }: Setting, { overflow = 'fail', span }: Of<'set'>): void {
  if (overflow === 'fail' || (sized && overflow === 'evict oldest')) return
  if (sized)
    unsupported(
      `ON OVERFLOW ${overflow.toUpperCase()}`,
      span,
      'write ON OVERFLOW FAIL, or EVICT OLDEST',
    )
  fail('invalid_option', `${name} has no ON OVERFLOW`, span)
}

function refuse(setting: Setting, { value, span }: Of<'set'>): never {
  const { name, values, complete, zones } = setting
  if (zones) {
    const hint =
      "take a name of IANA: 'Europe/Berlin'; 'Etc/GMT-2' is always two hours ahead of UTC"
    fail('invalid_option', `${value} is no time zone`, span, hint)
  }
  if (setting.sized) {
    const message = `${name} is ${values.join(', ')}, or a size above 0`
    fail('invalid_option', message, span, `SET ${name} = '64 MB'`)
  }
  if (complete) {
    fail(
      'invalid_option',
      `${name} ${value} does not exist`,
      span,
      `there are ${values.join(', ')}`,
    )
  }
  const hint = values.length === 1 ? `${name} is '${values[0]}'` : `there are ${values.join(', ')}`
  unsupported(`SET ${name} = ${value}`, span, hint)
}

export function bindReset(binding: Binding, { name }: Of<'reset'>): BoundStatement {
  const { notices } = binding
  if (name === null) {
    const values = settings.map((one) => ({ name: one.name, value: one.values[0]! }))
    return { kind: 'set', label: 'RESET ALL', values, notices }
  }
  const setting = settingNamed(name)
  if (setting === undefined) {
    notices.push(`setting ${name} is not known here and is ignored`)
    return { kind: 'set', label: `RESET ${name}`, values: [], notices }
  }
  const values = [{ name: setting.name, value: setting.values[0]! }]
  return { kind: 'set', label: `RESET ${setting.name}`, values, notices }
}

/** What SHOW lists, for who has misspelt it. */
const lists = [
  'tables',
  'streams',
  'sources',
  'sinks',
  'views',
  'materialized',
  'functions',
  'queries',
  'columns',
  'create',
]

/** SHOW name. */
export function bindShowSetting(binding: Binding, tree: Of<'show-setting'>): BoundStatement {
  const setting = settingNamed(tree.name)
  if (setting !== undefined) {
    return told(binding, [setting.name], [[valueIn(setting, binding.settings)]])
  }
  const near = suggestion(tree.name, lists)
  const hint =
    near?.replace(/mean (.*)\?/, (_, list: string) => `mean SHOW ${list.toUpperCase()}?`) ??
    suggestion(
      tree.name,
      settings.map(({ name }) => name),
    )
  const message = `setting ${tree.name} does not exist`
  return fail('unknown_name', message, tree.span, hint ?? 'SHOW ALL lists them')
}
