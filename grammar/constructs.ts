/**
 * Constructs: what the dialect has and the parser has no rule for yet, as a table of the words it is known by.
 *
 * How      A place says when its words are looked for: `anywhere` is asked only where the grammar has failed already
 *          (the words may begin up to four tokens before the failure); the other places are asked by the rule of that
 *          name before it goes on, because there the grammar would take the words for names.
 *          Whoever adds a rule to the parser deletes the line here.
 * Contract 1 (checked) each line is reached: its words, at its place, answer with its name.
 *          2 (trusted) no supported statement begins, at its place, with these words.
 */
import type { Diagnostic } from '../src/base/index.ts'
import type { Token } from './scanner.ts'
import { kinds } from './words.ts'

export type Place = 'statement' | 'element' | 'relation' | 'operand' | 'type' | 'anywhere'

/** Words of the text → name of the construct; '' where the words are the name. `<name>` is any name,
    `<string>` and `<number>` literals, `<any>` any token. */
// biome-ignore format: a table to read as a block
export const constructs: Record<Place, Record<string, string>> = {
  statement: {
    'CREATE CUBOID': '',
    'CREATE SYNOPSIS': '', 'CREATE MODEL': '', 'CREATE INDEX': '', 'CREATE UNIQUE INDEX': 'CREATE INDEX',
    'CREATE SECRET': '', 'CREATE TYPE <name> AS ENUM': 'CREATE TYPE … AS ENUM',
    'CREATE DATABASE': '', 'CREATE CATALOG': '', 'CREATE MACRO': '', 'CREATE SEQUENCE': '',
    'CREATE EXTERNAL TABLE': '',
    'DROP CUBOID': '', 'DROP SYNOPSIS': '', 'DROP MODEL': '',
    'DROP INDEX': '', 'DROP SECRET': '',
    'DROP DATABASE': '',
    'SHOW CUBOIDS': '', 'SHOW SYNOPSES': '', 'SHOW MODELS': '',
    'SHOW INDEXES': '',
    'DESCRIBE CUBOID <name>': 'DESCRIBE CUBOID', 'DESCRIBE SYNOPSIS <name>': 'DESCRIBE SYNOPSIS',
    'EXPLAIN APPROXIMATE': '',
    'INSERT OVERWRITE': '', 'INSERT OR': 'INSERT OR REPLACE', UPSERT: '',
    'ALTER QUERY': '', 'ALTER SINK': '', 'ALTER FUNCTION': '', 'ALTER SYSTEM': '', 'ALTER DATABASE': '',
    'ALTER INDEX': '', 'ALTER CATALOG': '', 'ALTER SCHEMA': '', 'ALTER TYPE': '', 'ALTER MODEL': '',
    'ALTER CUBOID': '', 'ALTER CONNECTION': '', 'ALTER SECRET': '',
    LOAD: '', IMPORT: '', EXPORT: '',
    SAVEPOINT: '', 'ROLLBACK TO': 'SAVEPOINT', 'ROLLBACK WORK TO': 'SAVEPOINT',
    'ROLLBACK TRANSACTION TO': 'SAVEPOINT', 'SET TRANSACTION': '',
    'USE CATALOG <name>': 'USE CATALOG', 'USE MODULES': '', PREPARE: '', DEALLOCATE: '',
    EXECUTE: '', CALL: '',
    ANALYZE: '', VACUUM: '', GRANT: '', REVOKE: '', PRAGMA: '', ATTACH: '', DETACH: '', PIVOT: '', UNPIVOT: '',
    'COMMENT ON': '', LISTEN: '', NOTIFY: '', SUMMARIZE: '', CHECKPOINT: '',
    'CREATE TABLE <name> LIKE': 'CREATE … LIKE', 'CREATE RECURSIVE': '',
    'DESCRIBE EXTENDED <name>': 'DESCRIBE EXTENDED', 'DESC EXTENDED <name>': 'DESCRIBE EXTENDED',
    'INSERT INTO <name> PARTITION (': 'INSERT INTO … PARTITION',
    'INSERT INTO <name> BY NAME': 'INSERT … BY NAME',
    'SHOW JOBS': '', 'SHOW DATABASES': '', 'SHOW CATALOGS': '',
    'SHOW CURSORS': '', 'SHOW SECRETS': '', 'SHOW CURRENT': '',
    'ADD JAR': '', 'REMOVE JAR': '', 'STOP JOB': '', 'COMPILE PLAN': '', KILL: '', WAIT: '',
  },
  element: {
    'LIKE': 'CREATE … (LIKE …)', 'PERIOD FOR': '',
  },
  relation: {
    'LATERAL SNAPSHOT (': 'LATERAL SNAPSHOT',
    'ML_PREDICT (': 'ML_PREDICT', 'NEIGHBOURS (': 'NEIGHBOURS', 'EVENTS (': 'EVENTS', 'CUBOID_OF (': 'CUBOID_OF',
    'ROWS FROM': '',
  },
  operand: {
    'ANY (': 'ANY', 'SOME (': 'SOME', 'NEXT VALUE': 'sequences',
    'TIMESTAMP WITH TIME ZONE': 'time zones',
  },
  type: {
    'GEOMETRY (': 'type GEOMETRY', 'VECTOR (': 'type VECTOR', 'ENUM (': 'type ENUM', 'SKETCH <': 'type SKETCH',
    'TGEOMPOINT': 'type TGEOMPOINT', 'UNION (': 'type UNION',
  },
  anywhere: {
    'COMMENT <string>': 'COMMENT',
    'WITH WRAPPER': 'JSON functions with WRAPPER', 'WITHOUT WRAPPER': 'JSON functions with WRAPPER',
    '<string> VALUE': 'JSON_OBJECT with VALUE', 'KEY <string>': 'JSON_OBJECT with KEY',
    'ON NULL': 'JSON functions with ON NULL', 'ON EMPTY': 'JSON functions with ON EMPTY',
    'ON ERROR': 'JSON functions with ON ERROR',
    'LIMIT <number> %': 'LIMIT with a percentage', '. *': 'a qualified * in an expression',
    'MINUS SELECT': 'MINUS',
    'SELECT INTO': '', INTO: 'SELECT INTO',
    'GROUP BY DISTINCT': '',
    PIVOT: '', UNPIVOT: '', TABLESAMPLE: '',
    'POSITIONAL JOIN': '',
    'AS OF CYCLE': 'FOR SYSTEM_TIME AS OF CYCLE', 'AS OF OFFSET': 'FOR SYSTEM_TIME AS OF OFFSET',
    'FOR UPDATE': '', 'FOR SHARE': '',
    GLOB: '', COLLATE: '',
    GENERATED: 'computed columns', INVISIBLE: '',
    'WITH TTL': '',
    'PARTITION BY': '', 'DISTRIBUTED BY': '', RETAIN: '', FORMAT: 'FORMAT … ENCODE',
    'ISOLATION LEVEL': '', 'READ ONLY': '', 'READ WRITE': '',
    'ENGINE': '',
    RETURNING: 'RETURNING of a function',
    ') LIKE': 'CREATE … LIKE', 'HEADER <string>': 'INCLUDE header of one name',
    'ERROR WITHIN': 'accuracy clauses (ERROR WITHIN)', 'WITH ERROR': 'accuracy clauses (ERROR WITHIN)',
    EXACT: 'accuracy clauses (EXACT)', 'MEMORY WITHIN': 'accuracy clauses (MEMORY WITHIN)',
    'LATENCY WITHIN': 'accuracy clauses (LATENCY WITHIN)', 'AT CONFIDENCE': 'accuracy clauses (AT CONFIDENCE)',
    'WITH (': 'options of a query (WITH)',
    'AS OF <any>': 'AS OF', 'DURATION_SECS': 'EXPLAIN … (DURATION_SECS)',
  },
}

/** What to write instead, by names of constructs. */
const instead: Record<string, string> = {
  'WITH TTL':
    'leave it out: a stream keeps its rows, and windows over the watermark let go by themselves of what they keep',
}

type Pattern = { words: string[]; name: string }

const reachMax = 4

let patterns: Record<Place, Map<string, Pattern[]>> | undefined

/** The table by first word, longest pattern first; made when it is first asked. */
function patternsOf(place: Place): Map<string, Pattern[]> {
  patterns ??= Object.fromEntries(
    Object.entries(constructs).map(([at, lines]) => {
      const byWord = new Map<string, Pattern[]>()
      for (const [key, name] of Object.entries(lines)) {
        const words = key.split(' ')
        const list = byWord.get(words[0]!) ?? []
        list.push({ words, name: name === '' ? key : name })
        byWord.set(words[0]!, list)
      }
      for (const list of byWord.values()) list.sort((a, b) => b.words.length - a.words.length)
      return [at, byWord]
    }),
  ) as Record<Place, Map<string, Pattern[]>>
  return patterns[place]
}

/** What is said about a construct; `start` and `end` delimit its words in the text. */
export function unsupported(construct: string, start: number, end: number): Diagnostic {
  return {
    code: 'unsupported',
    message: `not supported yet: ${construct}`,
    span: { start, end },
    ...(instead[construct] === undefined ? {} : { hint: instead[construct] }),
  }
}

/** The token at a distance from some place of the text; undefined, or without `upper`, beyond the statement. */
export type Look = (distance: number) => Token | undefined

/** The construct of `place` that begins at `look(0)`. */
export function constructAt(place: Place, look: Look): Diagnostic | undefined {
  const found = matchAt(place, look)
  if (found === undefined) return undefined
  return unsupported(found.name, look(0)!.start, look(found.words.length - 1)!.end)
}

function matchAt(place: Place, look: Look): Pattern | undefined {
  const first = look(0)
  if (first === undefined) return undefined
  const list = patternsOf(place).get(first.upper || classOf(first))
  return list?.find((p) => p.words.every((w, i) => matches(w, look(i))))
}

function matches(pattern: string, token: Token | undefined): boolean {
  if (token === undefined) return false
  if (pattern === '<any>') return true
  if (pattern === '<name>') return /^["`\p{L}_]/u.test(token.image)
  return (token.upper || classOf(token)) === pattern
}

/** What a pattern calls a token without words of its own. */
function classOf({ tokenType }: Token): string {
  if (tokenType === kinds.string) return '<string>'
  return tokenType === kinds.number ? '<number>' : ''
}

/**
 * The construct that explains a failure of the grammar at `tokens[at]`: it covers that token, or has two words and
 * ends just before it.
 */
export function constructAround(at: number, tokens: readonly Token[]): Diagnostic | undefined {
  for (let start = Math.max(0, at - reachMax); start <= at; start++) {
    const look: Look = (distance) => tokens[start + distance]
    const words = matchAt('anywhere', look)?.words
    if (words === undefined) continue
    const { length } = words
    const justBefore = start + length === at && length > 1 && words.at(-1) !== '('
    if (start + length > at || justBefore) {
      return constructAt('anywhere', look)
    }
  }
  return undefined
}
