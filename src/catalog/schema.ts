/**
 * Schema: in which schema a name is, and which name of the catalog a written one means.
 *
 * How      The catalog has `s.t` for what is in schema s, and bare names for what is in `main`, the schema that is
 *          always there. `public` is another word for `main`, and `millrace.s.t` for `s.t`.
 * Contract 1 (checked) no name of `main` begins with the name of another schema and a dot, but for `s.errors` of a
 *          relation s; nothing in a schema is called `errors`.
 */
import type { Catalog } from './catalog.ts'
import { plainName } from './temporary.ts'

export const mainSchema = 'main'
/** What every name may begin with. */
export const databaseName = 'millrace'
/** Schemas of the database itself. */
export const systemSchemas: readonly string[] = ['information_schema', 'sys', 'pg_catalog']

export const isMainSchema = (name: string): boolean => /^(main|public)$/i.test(name)

/** Schema and name of what the catalog has under `name`, which are not those of errors. */
export function placeOf(
  catalog: Pick<Catalog, 'schemaNamed'>,
  name: string,
): { schema: string; name: string } {
  const dot = name.indexOf('.')
  const schema = dot < 0 ? undefined : catalog.schemaNamed(name.slice(0, dot))
  return schema === undefined ? { schema: mainSchema, name } : { schema, name: name.slice(dot + 1) }
}

/** What a relation is called where its schema and its session are known. */
export const localName = (catalog: Pick<Catalog, 'schemaNamed'>, name: string): string =>
  placeOf(catalog, plainName(name)).name

/** The schemas of search_path, in which names are looked for. */
export function searchedIn(settings: ReadonlyMap<string, string>): string[] {
  return (settings.get('search_path') ?? mainSchema).split(', ')
}

/** How to come from a written name to one of the catalog: parts that are left out in front, and a schema put there. */
interface Located {
  omitted: number
  schema: string | null
  /** Is something there? */
  found: boolean
}

/** What `parts` mean where `searched` are the schemas that bare names are looked for in, the first one first. */
export function locate(
  catalog: Pick<Catalog, 'schemaNamed' | 'get'>,
  parts: readonly string[],
  searched: readonly string[],
): Located {
  const isWhole = parts.length > 1 && parts[0]!.toLowerCase() === databaseName
  const omitted = isWhole ? 1 : 0
  const rest = parts.slice(omitted)
  const has = (name: string) => catalog.get(name) !== undefined
  if (rest.length > 1) {
    if (isMainSchema(rest[0]!)) {
      return { omitted: omitted + 1, schema: null, found: has(rest.slice(1).join('.')) }
    }
    if (catalog.schemaNamed(rest[0]!) !== undefined) {
      return { omitted, schema: null, found: has(rest.join('.')) }
    }
  }
  const name = rest.join('.')
  for (const schema of searched) {
    if (isMainSchema(schema)) {
      if (has(name)) return { omitted, schema: null, found: true }
    } else if (has(`${schema}.${name}`)) return { omitted, schema, found: true }
  }
  const isSystem = catalog.get(name)?.kind === 'system'
  // What only `main` has is not found where it is not looked for.
  const isElsewhere = has(name) && !isSystem
  return { omitted, schema: isElsewhere ? searched[0]! : null, found: isSystem }
}
