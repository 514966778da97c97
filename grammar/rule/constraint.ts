/**
 * Constraint rules: what a column or a table promises: keys, CHECK, DEFAULT, references.
 */
import type { Constraint, Identifier } from '../tree.ts'
import { identifier, kinds, word } from '../words.ts'
import { RelationRules } from './relation.ts'

export abstract class ConstraintRules extends RelationRules {
  /** What stands behind a column's type, NOT NULL apart. */
  columnConstraint = this.RULE('columnConstraint', (): Constraint => {
    const start = this.start()
    const name = this.OPTION(() => this.SUBRULE(this.constraintName)) ?? null
    return this.OR([
      {
        ALT: (): Constraint => {
          const unique = this.SUBRULE(this.keyWords)
          const enforced = this.SUBRULE(this.enforcement)
          return { kind: 'key', name, ...unique, columns: [], enforced, span: this.span(start) }
        },
      },
      { ALT: (): Constraint => this.SUBRULE(this.check, { ARGS: [start, name] }) },
      {
        ALT: (): Constraint => {
          this.CONSUME(word.DEFAULT)
          const value = this.SUBRULE(this.expression)
          return { kind: 'default', value, span: this.span(start) }
        },
      },
      { ALT: (): Constraint => this.SUBRULE(this.references, { ARGS: [start, name, []] }) },
    ])
  })

  /** A constraint that stands in the list of columns. */
  tableConstraint = this.RULE('tableConstraint', (): Constraint => {
    const start = this.start()
    const name = this.OPTION(() => this.SUBRULE(this.constraintName)) ?? null
    return this.OR([
      {
        ALT: (): Constraint => {
          const unique = this.SUBRULE(this.keyWords)
          const columns = this.SUBRULE(this.names)
          const enforced = this.SUBRULE(this.enforcement)
          return { kind: 'key', name, ...unique, columns, enforced, span: this.span(start) }
        },
      },
      { ALT: (): Constraint => this.SUBRULE(this.check, { ARGS: [start, name] }) },
      {
        ALT: (): Constraint => {
          this.CONSUME(word.FOREIGN)
          this.CONSUME(word.KEY)
          const columns = this.SUBRULE1(this.names)
          return this.SUBRULE(this.references, { ARGS: [start, name, columns] })
        },
      },
    ])
  })

  /** Whether at a distance a constraint begins and no column. */
  protected constraintAhead(distance = 1): boolean {
    if (this.RECORDING_PHASE) return true
    const next = this.LA(distance + 1)
    switch (this.LA(distance).tokenType) {
      case word.PRIMARY:
      case word.FOREIGN:
        return next.tokenType === word.KEY
      case word.UNIQUE:
      case word.CHECK:
        return next.tokenType === kinds.open
      case word.CONSTRAINT:
        return ['PRIMARY', 'UNIQUE', 'CHECK', 'FOREIGN'].includes(this.upper(distance + 2))
      default:
        return false
    }
  }

  constraintName = this.RULE('constraintName', (): Identifier => {
    this.CONSUME(word.CONSTRAINT)
    return this.identifierOf(this.CONSUME(identifier))
  })

  keyWords = this.RULE('keyWords', (): { primary: boolean } =>
    this.OR([
      {
        ALT: () => {
          this.CONSUME(word.PRIMARY)
          this.CONSUME(word.KEY)
          return { primary: true }
        },
      },
      {
        ALT: () => {
          this.CONSUME(word.UNIQUE)
          return { primary: false }
        },
      },
    ]),
  )

  /** [NOT] ENFORCED; enforced where nothing is said. */
  enforcement = this.RULE('enforcement', (): boolean => {
    let enforced = true
    this.OPTION({
      GATE: () => this.LA(1).tokenType === word.ENFORCED || this.LA(2).tokenType === word.ENFORCED,
      DEF: () => {
        this.OPTION1(() => {
          this.CONSUME(word.NOT)
          enforced = false
        })
        this.CONSUME(word.ENFORCED)
      },
    })
    return enforced
  })

  check = this.RULE('check', (start: number, name: Identifier | null): Constraint => {
    this.CONSUME(word.CHECK)
    this.CONSUME(kinds.open)
    const condition = this.SUBRULE(this.expression)
    this.CONSUME(kinds.close)
    return { kind: 'check', name, condition, span: this.span(start) }
  })

  references = this.RULE(
    'references',
    (start: number, name: Identifier | null, columns: Identifier[]): Constraint => {
      this.CONSUME(word.REFERENCES)
      const table = this.SUBRULE(this.path)
      const referenced = this.OPTION(() => this.SUBRULE(this.names)) ?? []
      const span = this.span(start)
      return { kind: 'foreign-key', name, columns, table, referenced, span }
    },
  )
}
