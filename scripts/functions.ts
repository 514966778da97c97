/** Writes docs/functions.md from the library of functions; `--check` says whether it is up to date. */
import { readFileSync, writeFileSync } from 'node:fs'
import { argv } from 'node:process'
import { type LibraryFunction, library } from '../src/plan/library.ts'

const path = 'docs/functions.md'

const cell = (text: string) => text.replaceAll('|', '\\|')

function line({
  names,
  signature,
  gives,
  mayFail,
  mayBeNull,
  pattern,
  example,
  shows,
  meaning,
}: LibraryFunction) {
  const [name, ...others] = names
  const also =
    others.length > 0 ? ` (also ${others.map((other) => `\`${other}\``).join(', ')})` : ''
  const marks = [
    mayBeNull ? 'may be NULL' : '',
    mayFail ? (pattern ? 'fails for a wrong pattern' : 'may fail') : '',
  ]
  const noted = marks.filter((mark) => mark !== '').join(', ')
  const result = `${gives}${noted === '' ? '' : `; ${noted}`}`
  const call = `\`${name}(${cell(signature)})\`${also}`
  return `| ${call} | ${result} | ${cell(meaning)} | \`${cell(example)}\` → \`${cell(shows)}\` |`
}

const drawn = `## Random values

Each row has its own draw, the same in every replay; \`docs/laws.md\` says what it depends on. They stand in SELECT,
WHERE, ORDER BY, VALUES, DEFAULT and UPDATE; a continuous query draws for rows that are never taken back.

- \`random()\` (also \`rand()\`): a DOUBLE from 0 to below 1. \`rand(seed)\`: the same whenever the statement runs.
- \`rand_integer([seed,] bound)\`: an INTEGER from 0 to below the bound, which is at least 1.
- \`uuid()\` (also \`gen_random_uuid()\`): a UUID of version 4 as text.
`

const clauses = `## Clauses of JSON functions

- \`json_value(document, path [RETURNING type] [… ON EMPTY] [… ON ERROR])\` with NULL, ERROR or DEFAULT x: nothing at
  the path is empty; a text that is no JSON, an array or object at the path, and what is not of the type are errors.
  Both give NULL where nothing is said.
- \`json_query(document, path [WITH [CONDITIONAL] WRAPPER | WITHOUT WRAPPER] [… ON EMPTY] [… ON ERROR])\` with NULL,
  ERROR, EMPTY ARRAY or EMPTY OBJECT: WITH WRAPPER puts what is found into an array, CONDITIONAL only a scalar;
  without one a scalar is an error.
- \`json_exists(document, path [TRUE | FALSE | UNKNOWN | ERROR ON ERROR])\`.
- \`json_object('a': x, KEY 'b' VALUE y, 'c' VALUE z [NULL | ABSENT ON NULL])\`, NULL ON NULL by default;
  \`json_array(x, … [NULL | ABSENT ON NULL])\`, ABSENT ON NULL by default.
`

const aggregates = `## Aggregates

All take FILTER, and rows that go as well as rows that come; their value depends on the rows alone, not on their order.

- \`count(*)\`, \`count(x)\`, \`sum(x)\`, \`avg(x)\`, \`min(x)\`, \`max(x)\`: with DISTINCT too.
- \`count_if(condition)\`: rows for which it is TRUE.
- \`bool_and(condition)\` (also \`every\`), \`bool_or(condition)\`: NULL over no row.
- \`any_value(x)\`: the least value.
- \`arg_max(value, by)\` (also \`max_by\`, \`latest\`), \`arg_min\` (also \`min_by\`, \`earliest\`): the value
  beside the extreme; of several the one whose text is greatest or least. Rows with a NULL do not count.
- \`var_pop\`, \`var_samp\` (also \`variance\`), \`stddev_pop\`, \`stddev_samp\` (also \`stddev\`): of exact numbers
  of up to 19 digits, from exact sums, rounded once; of DOUBLE and with DISTINCT from all values.
- \`covar_pop(y, x)\`, \`covar_samp\`, \`corr\`, \`regr_slope\`, \`regr_intercept\`, \`regr_r2\`, \`regr_count\`,
  \`regr_avgx\`, \`regr_avgy\`, \`regr_sxx\`, \`regr_syy\`, \`regr_sxy\`: likewise, of the pairs that are there.

The following keep all values of a group and look at each different one whenever the group changes. They take DISTINCT.

- \`string_agg(x, separator ORDER BY y)\` (also \`listagg\`, \`group_concat\`): the texts, by default with commas
  and in their own order; \`listagg(x, ',') WITHIN GROUP (ORDER BY y)\` too. \`json_arrayagg(x)\`: a JSON array.
  \`json_objectagg(k VALUE v [NULL | ABSENT ON NULL])\`: a JSON object; of several values of a key the greatest text.
- \`array_agg(x ORDER BY y)\` (also \`list\`): an array of the values, NULLs too, by default in their own order;
  \`map_agg(k, v)\`: a map, of several values of a key the greatest; \`histogram(x)\`: how often each value is there.
- \`median(x)\`, \`quantile_cont(x, q)\`, \`percentile_cont(q) WITHIN GROUP (ORDER BY x)\`: between the two values
  around the place; \`quantile(x, q)\` (also \`quantile_disc\`), \`percentile_disc\`: the first value at or behind it.
- \`st_trajectory(p, ts)\`: the LINESTRING through points in the order of their times, a POINT of one; fails for other
  geometries. \`dwell(p, ts, area)\`: an INTERVAL, the time from row to row while both points are in the area, edges
  included. \`time_weighted_avg(x, ts)\`: the average of a number that holds until the next row, from the first row to
  the last; the plain average where no time goes by. Rows with a NULL do not count, values of one time stand in the
  order of their texts. With OVER they are those of the frame.
- \`mode(x)\`: the most frequent value, of several the least. \`entropy(x)\`: of the frequencies, in bits.
- \`bit_and(x)\`, \`bit_or\`, \`bit_xor\` of whole numbers; \`product(x)\`, \`skewness(x)\`, \`kurtosis(x)\`
  (NULL of fewer than 3 and 4 values, and of equal ones) of any numbers, as DOUBLE.
`

/** The whole document. */
export function functionsDocument(): string {
  const parts = Object.entries(library).map(([title, functions]) => {
    const rows = functions.map(line).join('\n')
    return `## ${title}\n\n| function | gives | what it does | example |\n|---|---|---|---|\n${rows}\n`
  })
  return `# Functions

The functions that take values and give one, beside operators, CAST and CASE. This page is made from
\`src/plan/library.ts\` by \`node scripts/functions.ts\`; a test runs every example.

Types: \`text\` is VARCHAR, \`whole\` BIGINT, \`number\` any numeric type as it is, \`same\` the type of the first
argument; \`array\` and \`element\` are T[] and T for one T, \`arrays\` T[][], \`map\`, \`key\` and \`value\` MAP(K, V),
K and V; \`total\` is the type of a sum, \`texts\` VARCHAR[], \`wholes\` BIGINT[], \`keys\` K[], \`values\` V[]; a DATE
is taken for a \`timestamp\`; \`any\` counts by its text, \`bytes\` is VARBINARY, \`json\` counts as a JSON value.
What stands in \`[ ]\` may be left out. NULL in any argument gives NULL, except where said. Places and lengths count
code points. What fails gives the row to the errors of a continuous query, and ends a one-shot statement.

Regular expressions have what Java, Postgres and RE2 share. They are matched in time that grows with pattern times
text; back references, look-around and possessive quantifiers, which cannot, are refused.

${parts.join('\n')}
${drawn}
${clauses}
${aggregates}`
}

if (argv[1]?.endsWith('functions.ts')) {
  if (!argv.includes('--check')) writeFileSync(path, functionsDocument())
  else if (readFileSync(path, 'utf8') !== functionsDocument())
    throw new Error(`${path} is out of date`)
}
