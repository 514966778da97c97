/**
 * Own: functions of the program in random cases. The engine calls these; the interpreter, and whoever binds a case, has
 * expressions of SQL under their names that say the same.
 */
import type { Database } from '../../src/database/index.ts'
import { scalarFunction } from '../../src/user-function.ts'

/** What the interpreter is told first. */
export const ownInSql: readonly string[] = [
  'create function own_least(a int, b int) returns int as (case when a <= b then a when a > b then b end);',
  'create function own_even(a int) returns boolean as (a % 2 = 0);',
  'create function own_twice(a varchar) returns varchar as (a || a);',
  "create function own_shown(a int) returns varchar as (coalesce(cast(a as varchar), 'none'));",
]

/** Gives a database the functions. */
export function giveOwn(database: Pick<Database, 'function'>): void {
  const give = (
    name: string,
    [args, returns]: [args: string[], returns: string],
    call: (...args: never[]) => unknown,
    { takesNull = false, batch = false } = {},
  ) => {
    const kind = { of: 'scalar', columns: {}, deterministic: true, replace: false } as const
    database.function({ ...kind, name, args, returns, takesNull }, (shape) =>
      scalarFunction(shape, call as never, batch),
    )
  }
  const least = (left: number[], right: number[]) => left.map((a, at) => Math.min(a, right[at]!))
  give('own_least', [['INTEGER', 'INTEGER'], 'INTEGER'], least, { batch: true })
  give('own_even', [['INTEGER'], 'BOOLEAN'], (a: number) => a % 2 === 0)
  give('own_twice', [['VARCHAR'], 'VARCHAR'], (a: string) => a + a)
  const shown = (a: number | null) => (a === null ? 'none' : String(a))
  give('own_shown', [['INTEGER'], 'VARCHAR'], shown, { takesNull: true })
}
