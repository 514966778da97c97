/**
 * Query rules: SELECT, VALUES and the clauses behind them.
 */
import { EOF, type ParserMethod, type TokenType } from 'chevrotain'
import type { Span } from '../../src/base/index.ts'
import { unsupported } from '../constructs.ts'
import type { Token } from '../scanner.ts'
import type {
  CommonTable,
  Expression,
  Identifier,
  NamedWindow,
  OrderItem,
  Path,
  Query,
  QueryBody,
  Relation,
  SelectItem,
  SetOperator,
  StarChange,
} from '../tree.ts'
import { alias, identifier, kinds, label, word } from '../words.ts'
import { GroupRules } from './group.ts'
import { Refusal } from './leaf.ts'

type Of<U, K> = Extract<U, { kind: K }>
type Tail = Pick<Query, 'orderBy' | 'limit' | 'offset' | 'emit'>
type Head = Tail & Pick<Query, 'with'>
/** A query among UNION and its like; clauses behind one in parentheses may join those inside. */
type Term = { query: Query; parenthesized: boolean }

/** Words that end a select list and begin no expression. */
const listEnds: ReadonlySet<TokenType> = new Set([
  word.FROM, word.WHERE, word.GROUP, word.HAVING, word.ORDER, word.LIMIT, word.UNION, word.EXCEPT, word.INTERSECT,
  kinds.close, EOF,
]) // biome-ignore format: one list

export const bare = (body: QueryBody): Query => ({
  kind: 'query',
  with: [],
  body,
  orderBy: [],
  limit: null,
  offset: null,
  emit: null,
  span: body?.span,
})

/** Every column of a relation: `TABLE name`, `CREATE SINK … FROM name`. */
export function everythingOf(path: Path): QueryBody {
  const span = path?.span
  const expression: Expression = { kind: 'star', qualifier: [], span }
  return {
    kind: 'select',
    distinct: false,
    items: [{ kind: 'select-item', expression, alias: null, span }],
    from: { kind: 'table', path, alias: null, span },
    where: null,
    groupBy: [],
    having: null,
    qualify: null,
    span,
  }
}

export abstract class QueryRules extends GroupRules {
  abstract from: ParserMethod<[], Relation>

  /** A query, in parentheses or not; clauses after the parentheses join those inside where that means the same. */
  query: ParserMethod<[], Query> = this.RULE('query', (): Query => {
    const start = this.start()
    this.enter()
    const tables = this.OPTION(() => this.SUBRULE(this.with))
    const inner = this.SUBRULE(this.terms)
    const at = this.ahead(1)
    const tail = this.SUBRULE(this.queryTail)
    this.leave()
    const span = this.span(start)
    return this.ACTION(() => this.#merge(inner, { with: tables ?? [], ...tail }, at, span))
  })

  /** WITH name [(columns)] AS [[NOT] MATERIALIZED] (query), … */
  with = this.RULE('with', (): CommonTable[] => {
    const tables: CommonTable[] = []
    this.CONSUME(word.WITH)
    this.ACTION(() => {
      const names = this.LA(2).tokenType !== word.AS && this.LA(2).tokenType !== kinds.open
      if (this.upper(1) === 'RECURSIVE' && names) this.unsupported('WITH RECURSIVE')
    })
    this.AT_LEAST_ONE_SEP({
      SEP: kinds.comma,
      DEF: () => {
        tables.push(this.SUBRULE(this.commonTable))
      },
    })
    return tables
  })

  commonTable = this.RULE('commonTable', (): CommonTable => {
    const start = this.start()
    const name = this.identifierOf(this.CONSUME(identifier))
    const columns = this.OPTION(() => this.SUBRULE(this.names))
    this.CONSUME(word.AS)
    this.OPTION1(() => {
      this.OPTION2(() => this.CONSUME(word.NOT))
      this.CONSUME(word.MATERIALIZED)
    })
    this.CONSUME(kinds.open)
    const query = this.SUBRULE(this.query)
    this.CONSUME(kinds.close)
    return { kind: 'common-table', name, columns: columns ?? [], query, span: this.span(start) }
  })

  /** Queries with UNION and EXCEPT between them, from left to right; INTERSECT binds tighter. */
  terms = this.RULE('terms', (): Term => {
    const start = this.start()
    let left = this.SUBRULE(this.term)
    this.MANY(() => {
      const operator = this.OR([
        { ALT: () => this.CONSUME(word.UNION) },
        { ALT: () => this.CONSUME(word.EXCEPT) },
      ]) as Token
      const all = this.SUBRULE(this.setQuantifier)
      const right = this.SUBRULE1(this.term)
      left = this.ACTION(() => this.#set(operator, all, left, right, start)) as Term
    })
    return left
  })

  term = this.RULE('term', (): Term => {
    const start = this.start()
    let left = this.SUBRULE(this.simple)
    this.MANY(() => {
      const operator = this.CONSUME(word.INTERSECT) as Token
      const all = this.SUBRULE(this.setQuantifier)
      const right = this.SUBRULE1(this.simple)
      left = this.ACTION(() => this.#set(operator, all, left, right, start)) as Term
    })
    return left
  })

  #set(operator: Token, all: boolean, left: Term, right: Term, start: number): Term {
    const span = this.span(start)
    const name = operator.upper as SetOperator
    const body: QueryBody = {
      kind: 'set',
      operator: name,
      all,
      left: left.query,
      right: right.query,
      span,
    }
    return { query: bare(body), parenthesized: false }
  }

  /** ALL, DISTINCT or nothing. */
  setQuantifier = this.RULE('setQuantifier', (): boolean => {
    const distinct = this.OPTION(() => this.SUBRULE(this.quantifier))
    return distinct === false
  })

  simple = this.RULE(
    'simple',
    (): Term =>
      this.OR([
        {
          ALT: () => ({ query: bare(this.SUBRULE(this.select)), parenthesized: false }),
        },
        {
          ALT: () => ({ query: bare(this.SUBRULE(this.values)), parenthesized: false }),
        },
        {
          ALT: () => ({ query: bare(this.SUBRULE(this.tableQuery)), parenthesized: false }),
        },
        {
          ALT: () => {
            this.CONSUME(kinds.open)
            const query = this.SUBRULE(this.query)
            this.CONSUME(kinds.close)
            return { query, parenthesized: true }
          },
        },
      ]),
  )

  #merge({ query: inner, parenthesized }: Term, tail: Head, at: Token, span: Span): Query {
    if (!parenthesized) return { ...inner, ...tail, span }
    const limited = inner.limit !== null || inner.offset !== null
    const clash =
      (tail.orderBy.length > 0 && (inner.orderBy.length > 0 || limited)) ||
      ((tail.limit !== null || tail.offset !== null) && limited) ||
      (inner.emit !== null &&
        (tail.emit !== null || tail.limit !== null || tail.orderBy.length > 0)) ||
      (tail.with.length > 0 && inner.with.length > 0)
    if (clash)
      throw new Refusal(unsupported('clauses after a query in parentheses', at.start, at.end))
    return {
      kind: 'query',
      with: tail.with.length > 0 ? tail.with : inner.with,
      body: inner.body,
      orderBy: tail.orderBy.length > 0 ? tail.orderBy : inner.orderBy,
      limit: tail.limit ?? inner.limit,
      offset: tail.offset ?? inner.offset,
      emit: tail.emit ?? inner.emit,
      span,
    }
  }

  queryTail = this.RULE('queryTail', (): Tail => {
    const tail: Tail = { orderBy: [], limit: null, offset: null, emit: null }
    this.OPTION(() => {
      tail.orderBy = this.SUBRULE(this.orderBy)
    })
    this.MANY(() => {
      const at = this.ahead(1)
      const part = this.SUBRULE(this.limitPart)
      this.ACTION(() => {
        if (tail[part.field] !== null) this.mistaken(`a second ${part.field.toUpperCase()}`, at)
        tail[part.field] = part.value
      })
    })
    this.OPTION1(() => {
      tail.emit = this.SUBRULE(this.emit)
    })
    return tail
  })

  /** LIMIT n, LIMIT ALL, OFFSET n [ROWS], FETCH FIRST [n] ROWS ONLY. */
  limitPart = this.RULE('limitPart', (): { field: 'limit' | 'offset'; value: Expression | null } =>
    this.OR([
      {
        ALT: () => {
          this.CONSUME(word.LIMIT)
          const value = this.OR1([
            {
              ALT: (): Expression | null => {
                this.CONSUME(word.ALL)
                return null
              },
            },
            { ALT: (): Expression | null => this.SUBRULE(this.expression) },
          ])
          return { field: 'limit' as const, value }
        },
      },
      {
        ALT: () => {
          this.CONSUME(word.OFFSET)
          const value = this.SUBRULE1(this.expression)
          this.OPTION(() => this.SUBRULE(this.rowWord))
          return { field: 'offset' as const, value }
        },
      },
      {
        ALT: () => {
          this.CONSUME(word.FETCH)
          this.OR2([
            { ALT: () => this.CONSUME(word.FIRST) },
            { ALT: () => this.CONSUME(word.NEXT) },
          ])
          const at = this.start()
          const given = this.OPTION1({
            GATE: () => !/^ROWS?$/.test(this.upper(1)),
            DEF: () => this.SUBRULE2(this.expression),
          })
          const one: Expression = { kind: 'number', text: '1', span: { start: at, end: at } }
          const value = given ?? one
          this.SUBRULE1(this.rowWord)
          this.CONSUME(word.ONLY)
          return { field: 'limit' as const, value }
        },
      },
    ]),
  )

  rowWord = this.RULE('rowWord', (): void => {
    this.OR([{ ALT: () => this.CONSUME(word.ROW) }, { ALT: () => this.CONSUME(word.ROWS) }])
  })

  orderBy = this.RULE('orderBy', (): OrderItem[] => {
    const items: OrderItem[] = []
    this.CONSUME(word.ORDER)
    this.CONSUME(word.BY)
    this.AT_LEAST_ONE_SEP({
      SEP: kinds.comma,
      DEF: () => {
        items.push(this.SUBRULE(this.orderItem))
      },
    })
    return items
  })

  orderItem = this.RULE('orderItem', (): OrderItem => {
    const start = this.start()
    const expression = this.OR2([
      { ALT: () => this.SUBRULE(this.every) },
      { ALT: () => this.SUBRULE(this.expression) },
    ])
    let descending = false
    let nulls: OrderItem['nulls'] = null
    this.OPTION(() => {
      descending =
        this.OR([{ ALT: () => this.CONSUME(word.ASC) }, { ALT: () => this.CONSUME(word.DESC) }])
          ?.tokenType === word.DESC
    })
    this.OPTION1(() => {
      this.CONSUME(word.NULLS)
      const first = this.OR1([
        { ALT: () => this.CONSUME(word.FIRST) },
        { ALT: () => this.CONSUME(word.LAST) },
      ])
      nulls = first?.tokenType === word.FIRST ? 'first' : 'last'
    })
    return { kind: 'order-item', expression, descending, nulls, span: this.span(start) }
  })

  values = this.RULE('values', (): QueryBody => {
    const start = this.start()
    const rows: Expression[][] = []
    this.CONSUME(word.VALUES)
    this.AT_LEAST_ONE_SEP({
      SEP: kinds.comma,
      DEF: () => {
        this.CONSUME(kinds.open)
        rows.push(this.SUBRULE(this.rowValues))
        this.CONSUME(kinds.close)
      },
    })
    return { kind: 'values', rows, span: this.span(start) }
  })

  /** TABLE name: all of it, as SELECT * FROM name. */
  tableQuery = this.RULE('tableQuery', (): QueryBody => {
    this.CONSUME(word.TABLE)
    const path = this.SUBRULE(this.path)
    return this.ACTION(() => everythingOf(path))
  })

  rowValues = this.RULE('rowValues', (): Expression[] => {
    const row: Expression[] = []
    this.AT_LEAST_ONE_SEP({
      SEP: kinds.comma,
      DEF: () => {
        row.push(this.SUBRULE(this.valueOrDefault))
      },
    })
    return row
  })

  valueOrDefault = this.RULE('valueOrDefault', (): Expression => {
    const start = this.start()
    return this.OR([
      {
        ALT: (): Expression => {
          this.CONSUME(word.DEFAULT)
          return { kind: 'default', span: this.span(start) }
        },
      },
      { ALT: (): Expression => this.SUBRULE(this.expression) },
    ])
  })

  /** SELECT … FROM …, or FROM … [SELECT …] with `*` as the default. */
  select = this.RULE('select', (): QueryBody => {
    const start = this.start()
    const select: Of<QueryBody, 'select'> = {
      kind: 'select',
      distinct: false,
      items: [],
      from: null,
      where: null,
      groupBy: [],
      having: null,
      qualify: null,
      span: { start, end: start },
    }
    this.OR([
      {
        ALT: () => {
          this.SUBRULE(this.selectList, { ARGS: [select] })
          this.OPTION(() => {
            select.from = this.SUBRULE(this.from)
          })
        },
      },
      {
        ALT: () => {
          select.from = this.SUBRULE1(this.from)
          const end = this.LA(0) as Token
          const span = { start: end.end, end: end.end }
          const star: Expression = { kind: 'star', qualifier: [], span }
          select.items = [{ kind: 'select-item', expression: star, alias: null, span }]
          this.OPTION1(() => {
            select.items = []
            this.SUBRULE1(this.selectList, { ARGS: [select] })
          })
        },
      },
    ])
    this.SUBRULE(this.clauses, { ARGS: [select] })
    select.span = this.span(start)
    return select
  })

  clauses = this.RULE('clauses', (select: Of<QueryBody, 'select'>): void => {
    this.OPTION(() => {
      this.CONSUME(word.WHERE)
      const where = this.SUBRULE(this.expression)
      this.ACTION(() => {
        select.where = where
      })
    })
    this.OPTION1(() => {
      this.CONSUME(word.GROUP)
      this.CONSUME(word.BY)
      const keys = this.SUBRULE(this.groups)
      this.ACTION(() => {
        select.groupBy = keys
      })
    })
    this.OPTION2(() => {
      this.CONSUME(word.HAVING)
      const having = this.SUBRULE2(this.expression)
      this.ACTION(() => {
        select.having = having
      })
    })
    const windows = this.OPTION4(() => this.SUBRULE(this.windows))
    this.OPTION3(() => {
      this.CONSUME(word.QUALIFY)
      const qualify = this.SUBRULE3(this.expression)
      this.ACTION(() => {
        select.qualify = qualify
      })
    })
    // Postgres and DuckDB have WINDOW before QUALIFY, others behind it.
    const behind = this.OPTION5(() => this.SUBRULE1(this.windows))
    this.ACTION(() => {
      const all = [...(windows ?? []), ...(behind ?? [])]
      if (all.length > 0) select.windows = all
    })
  })

  /** WINDOW name AS (…), …. */
  windows = this.RULE('windows', (): NamedWindow[] => {
    const windows: NamedWindow[] = []
    this.CONSUME(word.WINDOW)
    this.AT_LEAST_ONE_SEP({
      SEP: kinds.comma,
      DEF: () => {
        const start = this.start()
        const name = this.identifierOf(this.CONSUME(identifier))
        this.CONSUME(word.AS)
        const window = this.SUBRULE(this.overWindow)
        windows.push({ kind: 'named-window', name, window, span: this.span(start) })
      },
    })
    return windows
  })

  selectList = this.RULE('selectList', (select: Of<QueryBody, 'select'>): void => {
    this.CONSUME(word.SELECT)
    let distinct = false
    let on: Expression[] | undefined
    this.OPTION(() => {
      distinct = this.SUBRULE(this.quantifier)
      on = this.OPTION2({
        GATE: () => distinct,
        DEF: () => {
          this.CONSUME(word.ON)
          this.CONSUME(kinds.open)
          const keys = this.SUBRULE(this.expressions)
          this.CONSUME(kinds.close)
          return keys
        },
      })
    })
    const items = [this.SUBRULE(this.selectItem)]
    this.MANY({
      GATE: () => !this.#listEnds(2),
      DEF: () => {
        this.CONSUME(kinds.comma)
        items.push(this.SUBRULE1(this.selectItem))
      },
    })
    this.OPTION1({
      GATE: () => this.#listEnds(2),
      DEF: () => this.CONSUME1(kinds.comma),
    })
    this.ACTION(() => {
      select.distinct = distinct && on === undefined
      if (on !== undefined) select.distinctOn = on
      select.items = items
    })
  })

  /** Whether what comes behind a comma ends the select list, so that the comma is one too many and does no harm. */
  #listEnds(distance: number): boolean {
    return listEnds.has(this.LA(distance).tokenType)
  }

  selectItem = this.RULE('selectItem', (): SelectItem => {
    const start = this.start()
    let name: Identifier | null = null
    const expression = this.OR({
      DEF: [
        { ALT: () => this.SUBRULE(this.star) },
        {
          GATE: () => this.#starAhead(),
          ALT: () => this.SUBRULE(this.qualifiedStar),
        },
        {
          GATE: () => this.#columnStarAhead(),
          ALT: () => this.SUBRULE(this.columnStar),
        },
        {
          GATE: () => this.upper(1) === 'COLUMNS' && this.LA(2).tokenType === kinds.open,
          ALT: () => this.SUBRULE(this.columnsStar),
        },
        {
          ALT: () => {
            const value = this.SUBRULE(this.expression)
            this.OPTION(() => {
              name = this.OR1([
                {
                  ALT: () => {
                    this.CONSUME(word.AS)
                    return this.identifierOf(this.CONSUME(label))
                  },
                },
                { ALT: () => this.identifierOf(this.CONSUME(alias)) },
              ])
            })
            return value
          },
        },
      ],
      IGNORE_AMBIGUITIES: true,
    })
    return { kind: 'select-item', expression, alias: name, span: this.span(start) }
  })

  star = this.RULE('star', (): Expression => {
    const start = this.start()
    this.CONSUME(kinds.star)
    const change = this.SUBRULE(this.starChange)
    const star: Of<Expression, 'star'> = { kind: 'star', qualifier: [], span: this.span(start) }
    return change === null ? star : { ...star, change }
  })

  /** [EXCLUDE (a, b)] [REPLACE (e AS c)] [RENAME (d AS f)]; EXCEPT is EXCLUDE. */
  starChange = this.RULE('starChange', (): StarChange | null => {
    const change: StarChange = { exclude: [], replace: [], rename: [] }
    this.OPTION({
      GATE: () =>
        this.LA(1).tokenType === word.EXCLUDE ||
        (this.LA(2).tokenType === kinds.open && !this.queryAhead(2)),
      DEF: () => {
        this.OR([
          { ALT: () => this.CONSUME(word.EXCLUDE) },
          { ALT: () => this.CONSUME(word.EXCEPT) },
        ])
        change.exclude = this.OR1([
          { ALT: () => this.SUBRULE(this.names) },
          { ALT: () => [this.identifierOf(this.CONSUME(identifier))] },
        ])
      },
    })
    this.OPTION1(() => {
      this.CONSUME(word.REPLACE)
      this.CONSUME(kinds.open)
      this.AT_LEAST_ONE_SEP({
        SEP: kinds.comma,
        DEF: () => {
          const value = this.SUBRULE(this.expression)
          this.CONSUME(word.AS)
          const name = this.identifierOf(this.CONSUME(label))
          change.replace.push({ value, name })
        },
      })
      this.CONSUME(kinds.close)
    })
    this.OPTION2(() => {
      this.CONSUME(word.RENAME)
      this.CONSUME1(kinds.open)
      this.AT_LEAST_ONE_SEP1({
        SEP: kinds.comma,
        DEF: () => {
          const name = this.identifierOf(this.CONSUME1(identifier))
          this.CONSUME1(word.AS)
          change.rename.push({ name, to: this.identifierOf(this.CONSUME1(label)) })
        },
      })
      this.CONSUME1(kinds.close)
    })
    const none = change.exclude.length + change.replace.length + change.rename.length === 0
    return none ? null : change
  })

  /** COLUMNS('regular expression'), COLUMNS(*). */
  columnsStar = this.RULE('columnsStar', (): Expression => {
    const start = this.start()
    this.CONSUME(identifier)
    this.CONSUME(kinds.open)
    const star = this.OR([
      { ALT: () => this.SUBRULE(this.star) as Of<Expression, 'star'> },
      {
        ALT: (): Of<Expression, 'star'> => {
          const pattern = (this.CONSUME(kinds.string) as Token).value
          return { kind: 'star', qualifier: [], pattern, span: this.span(start) }
        },
      },
    ])
    this.CONSUME(kinds.close)
    return { ...star, span: this.span(start) }
  })

  /** Whether `name.name.*` comes next. */
  #starAhead(): boolean {
    let at = 2
    while (this.LA(at).tokenType === kinds.dot) {
      if (this.LA(at + 1).tokenType === kinds.star) return true
      at += 2
    }
    return false
  }

  /** Whether `(name.name).*` comes next. */
  #columnStarAhead(): boolean {
    let at = 3
    while (this.LA(at).tokenType === kinds.dot) at += 2
    return (
      this.LA(at).tokenType === kinds.close &&
      this.LA(at + 1).tokenType === kinds.dot &&
      this.LA(at + 2).tokenType === kinds.star
    )
  }

  columnStar = this.RULE('columnStar', (): Expression => {
    const start = this.start()
    this.CONSUME(kinds.open)
    const { parts } = this.SUBRULE(this.path) ?? { parts: [] }
    this.CONSUME(kinds.close)
    this.CONSUME(kinds.dot)
    this.CONSUME(kinds.star)
    return { kind: 'star', qualifier: parts, ofColumn: true, span: this.span(start) }
  })

  qualifiedStar = this.RULE('qualifiedStar', (): Expression => {
    const start = this.start()
    const qualifier = [this.identifierOf(this.CONSUME(identifier))]
    this.CONSUME(kinds.dot)
    this.MANY(() => {
      qualifier.push(this.identifierOf(this.CONSUME(label)))
      this.CONSUME1(kinds.dot)
    })
    this.CONSUME(kinds.star)
    const change = this.SUBRULE(this.starChange)
    const star: Of<Expression, 'star'> = { kind: 'star', qualifier, span: this.span(start) }
    return change === null ? star : { ...star, change }
  })
}
