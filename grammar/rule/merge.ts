/**
 * Merge rules: MERGE INTO a table USING a relation, and its WHEN clauses.
 */
import type { Assignment, Expression, Identifier, MergeClause, Statement } from '../tree.ts'
import { kinds, word } from '../words.ts'
import { ChangeRules } from './change.ts'

type Action = Pick<MergeClause, 'action' | 'assignments' | 'columns' | 'values'>

const none = {
  assignments: [] as Assignment[],
  columns: [] as Identifier[],
  values: [] as Expression[],
}

export abstract class MergeRules extends ChangeRules {
  merge = this.RULE('merge', (): Statement => {
    const start = this.start()
    const clauses: MergeClause[] = []
    this.CONSUME(word.MERGE)
    this.CONSUME(word.INTO)
    const target = this.SUBRULE(this.path)
    const as = this.OPTION(() => this.SUBRULE(this.changedAlias)) ?? null
    this.CONSUME(word.USING)
    const source = this.SUBRULE(this.relation)
    this.CONSUME(word.ON)
    const on = this.SUBRULE(this.expression)
    this.AT_LEAST_ONE(() => {
      clauses.push(this.SUBRULE(this.mergeClause))
    })
    const returning = this.OPTION1(() => this.SUBRULE(this.returning)) ?? []
    const span = this.span(start)
    return { kind: 'merge', target, alias: as, source, on, clauses, returning, span }
  })

  mergeClause = this.RULE('mergeClause', (): MergeClause => {
    const start = this.start()
    this.CONSUME(word.WHEN)
    const when = this.SUBRULE(this.mergeCase)
    const condition =
      this.OPTION(() => {
        this.CONSUME(word.AND)
        return this.SUBRULE(this.expression)
      }) ?? null
    this.CONSUME(word.THEN)
    const action = this.OR([
      { ALT: () => this.SUBRULE(this.mergeInsert) },
      { ALT: () => this.SUBRULE(this.mergeChange) },
      {
        ALT: (): Action => {
          this.CONSUME(word.DO)
          this.CONSUME(word.NOTHING)
          return { action: 'nothing', ...none }
        },
      },
    ])
    return { kind: 'merge-clause', when, condition, ...action, span: this.span(start) }
  })

  /** MATCHED, NOT MATCHED [BY TARGET], NOT MATCHED BY SOURCE. */
  mergeCase = this.RULE('mergeCase', (): MergeClause['when'] => {
    const isNot = this.OPTION(() => this.CONSUME(word.NOT)) !== undefined
    this.CONSUME(word.MATCHED)
    const by = this.OPTION1({
      GATE: () => isNot,
      DEF: () => {
        this.CONSUME(word.BY)
        return this.OR([
          {
            ALT: () => {
              this.CONSUME(word.TARGET)
              return 'unmatched' as const
            },
          },
          {
            ALT: () => {
              this.CONSUME(word.SOURCE)
              return 'alone' as const
            },
          },
        ])
      },
    })
    return by ?? (isNot ? 'unmatched' : 'matched')
  })

  mergeInsert = this.RULE('mergeInsert', (): Action => {
    this.CONSUME(word.INSERT)
    return this.OR([
      {
        ALT: (): Action => {
          this.CONSUME(word.DEFAULT)
          this.CONSUME1(word.VALUES)
          return { action: 'insert', ...none }
        },
      },
      {
        ALT: (): Action => {
          const columns = this.OPTION(() => this.SUBRULE(this.names)) ?? []
          this.CONSUME(word.VALUES)
          this.CONSUME(kinds.open)
          const values = this.SUBRULE(this.rowValues)
          this.CONSUME(kinds.close)
          return { action: 'insert', assignments: [], columns, values }
        },
      },
    ])
  })

  mergeChange = this.RULE(
    'mergeChange',
    (): Action =>
      this.OR([
        {
          ALT: (): Action => {
            this.CONSUME(word.UPDATE)
            return { action: 'update', ...none, assignments: this.SUBRULE(this.assignments) }
          },
        },
        {
          ALT: (): Action => {
            this.CONSUME(word.DELETE)
            return { action: 'delete', ...none }
          },
        },
      ]),
  )
}
