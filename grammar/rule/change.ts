/**
 * Change rules: INSERT, UPDATE, DELETE, TRUNCATE, and the transactions that group them.
 */
import type {
  Assignment,
  Conflict,
  Expression,
  Identifier,
  Query,
  SelectItem,
  Statement,
} from '../tree.ts'
import { alias, identifier, kinds, word } from '../words.ts'
import { AlterRules } from './alter.ts'

export abstract class ChangeRules extends AlterRules {
  insert = this.RULE('insert', (): Statement => {
    const start = this.start()
    this.CONSUME(word.INSERT)
    this.CONSUME(word.INTO)
    const target = this.SUBRULE(this.path)
    const columns = this.OPTION({
      GATE: () => !this.queryAhead(1),
      DEF: () => this.SUBRULE(this.names),
    })
    const source = this.OR([
      { ALT: (): Query => this.SUBRULE(this.defaultValues) },
      { ALT: (): Query => this.SUBRULE(this.query) },
    ])
    const conflict = this.OPTION1(() => this.SUBRULE(this.conflict)) ?? null
    const returning = this.OPTION2(() => this.SUBRULE(this.returning)) ?? []
    const span = this.span(start)
    return { kind: 'insert', target, columns: columns ?? [], source, conflict, returning, span }
  })

  /** DEFAULT VALUES is a row of no values. */
  defaultValues = this.RULE('defaultValues', (): Query => {
    const start = this.start()
    this.CONSUME(word.DEFAULT)
    this.CONSUME(word.VALUES)
    const span = this.span(start)
    const none = { with: [], orderBy: [], limit: null, offset: null, emit: null }
    return { kind: 'query', body: { kind: 'values', rows: [[]], span }, ...none, span }
  })

  conflict = this.RULE('conflict', (): Conflict => {
    const start = this.start()
    this.CONSUME(word.ON)
    this.CONSUME(word.CONFLICT)
    const columns = this.OPTION(() => this.SUBRULE(this.names)) ?? []
    this.CONSUME(word.DO)
    const action = this.OR([
      {
        ALT: () => {
          this.CONSUME(word.NOTHING)
          return { action: 'nothing' as const, assignments: [], where: null }
        },
      },
      {
        ALT: () => {
          this.CONSUME(word.ERROR)
          return { action: 'error' as const, assignments: [], where: null }
        },
      },
      {
        ALT: () => {
          this.CONSUME(word.DEDUPLICATE)
          return { action: 'deduplicate' as const, assignments: [], where: null }
        },
      },
      {
        ALT: () => {
          this.CONSUME(word.UPDATE)
          const assignments = this.OPTION1(() => this.SUBRULE(this.assignments)) ?? []
          const where = this.OPTION2(() => this.SUBRULE(this.whereClause)) ?? null
          return { action: 'update' as const, assignments, where }
        },
      },
    ])
    return { kind: 'conflict', columns, ...action, span: this.span(start) }
  })

  assignments = this.RULE('assignments', (): Assignment[] => {
    const all: Assignment[] = []
    this.CONSUME(word.SET)
    this.AT_LEAST_ONE_SEP({
      SEP: kinds.comma,
      DEF: () => {
        all.push(this.SUBRULE(this.assignment))
      },
    })
    return all
  })

  assignment = this.RULE('assignment', (): Assignment => {
    const start = this.start()
    const column = this.identifierOf(this.CONSUME(identifier))
    this.CONSUME(kinds.equal)
    const value = this.SUBRULE(this.valueOrDefault)
    return { kind: 'assignment', column, value, span: this.span(start) }
  })

  whereClause = this.RULE('whereClause', (): Expression => {
    this.CONSUME(word.WHERE)
    return this.SUBRULE(this.expression)
  })

  returning = this.RULE('returning', (): SelectItem[] => {
    const items: SelectItem[] = []
    this.CONSUME(word.RETURNING)
    this.AT_LEAST_ONE_SEP({
      SEP: kinds.comma,
      DEF: () => {
        items.push(this.SUBRULE(this.selectItem))
      },
    })
    return items
  })

  /** [AS] alias of the table that a statement changes. */
  changedAlias = this.RULE(
    'changedAlias',
    (): Identifier =>
      this.OR([
        {
          ALT: () => {
            this.CONSUME(word.AS)
            return this.identifierOf(this.CONSUME(identifier))
          },
        },
        { ALT: () => this.identifierOf(this.CONSUME(alias)) },
      ]),
  )

  update = this.RULE('update', (): Statement => {
    const start = this.start()
    this.CONSUME(word.UPDATE)
    const target = this.SUBRULE(this.path)
    const as = this.OPTION(() => this.SUBRULE(this.changedAlias)) ?? null
    const assignments = this.SUBRULE(this.assignments)
    const from = this.OPTION3(() => this.SUBRULE(this.from)) ?? null
    const where = this.OPTION1(() => this.SUBRULE(this.whereClause)) ?? null
    const returning = this.OPTION2(() => this.SUBRULE(this.returning)) ?? []
    const span = this.span(start)
    return { kind: 'update', target, alias: as, assignments, from, where, returning, span }
  })

  delete = this.RULE('delete', (): Statement => {
    const start = this.start()
    this.CONSUME(word.DELETE)
    this.CONSUME(word.FROM)
    const target = this.SUBRULE(this.path)
    const as = this.OPTION(() => this.SUBRULE(this.changedAlias)) ?? null
    const from =
      this.OPTION3(() => {
        this.CONSUME(word.USING)
        return this.SUBRULE(this.relations)
      }) ?? null
    const where = this.OPTION1(() => this.SUBRULE(this.whereClause)) ?? null
    const returning = this.OPTION2(() => this.SUBRULE(this.returning)) ?? []
    return { kind: 'delete', target, alias: as, from, where, returning, span: this.span(start) }
  })

  /** TRUNCATE [TABLE] t is a DELETE without WHERE. */
  truncate = this.RULE('truncate', (): Statement => {
    const start = this.start()
    this.CONSUME(word.TRUNCATE)
    this.OPTION(() => this.CONSUME(word.TABLE))
    const target = this.SUBRULE(this.path)
    const span = this.span(start)
    const nothing = { alias: null, from: null, where: null, returning: [] }
    return { kind: 'delete', target, ...nothing, span }
  })

  /** BEGIN | START TRANSACTION, COMMIT | END, ROLLBACK | ABORT. */
  transaction = this.RULE('transaction', (): Statement => {
    const start = this.start()
    const action = this.OR([
      {
        ALT: () => {
          this.CONSUME(word.BEGIN)
          this.SUBRULE(this.transactionWord)
          return 'begin' as const
        },
      },
      {
        ALT: () => {
          this.CONSUME(word.START)
          this.CONSUME(word.TRANSACTION)
          return 'begin' as const
        },
      },
      {
        ALT: () => {
          this.OR1([
            { ALT: () => this.CONSUME(word.COMMIT) },
            { ALT: () => this.CONSUME(word.END) },
          ])
          this.SUBRULE1(this.transactionWord)
          return 'commit' as const
        },
      },
      {
        ALT: () => {
          this.OR2([
            { ALT: () => this.CONSUME(word.ROLLBACK) },
            { ALT: () => this.CONSUME(word.ABORT) },
          ])
          this.SUBRULE2(this.transactionWord)
          return 'rollback' as const
        },
      },
    ])
    return { kind: 'transaction', action, span: this.span(start) }
  })

  transactionWord = this.RULE('transactionWord', (): void => {
    this.OPTION(() =>
      this.OR([
        { ALT: () => this.CONSUME(word.WORK) },
        { ALT: () => this.CONSUME1(word.TRANSACTION) },
      ]),
    )
  })
}
