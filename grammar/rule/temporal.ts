/**
 * Temporal rules: what a join says of time: FOR SYSTEM_TIME AS OF behind a table, WITHIN behind a relation.
 */
import type { Token } from '../scanner.ts'
import type { Duration, Expression, Unit, Within } from '../tree.ts'
import { identifier, kinds, word } from '../words.ts'
import { units } from './literal.ts'
import { MatchRules } from './match.ts'

export abstract class TemporalRules extends MatchRules {
  /** FOR SYSTEM_TIME AS OF a.ts. */
  systemTime = this.RULE('systemTime', (): Expression => {
    this.CONSUME(word.FOR)
    this.ACTION(() => this.expectWord('SYSTEM_TIME'))
    this.CONSUME(identifier)
    this.CONSUME(word.AS)
    this.ACTION(() => this.expectWord('OF'))
    this.CONSUME1(identifier)
    return this.SUBRULE(this.expression)
  })

  /** WITHIN 10 MINUTES, WITHIN (5 MINUTES, 1 MINUTE) [GRACE PERIOD 1 MINUTE]. */
  within = this.RULE('within', (): Within => {
    const start = this.start()
    this.CONSUME(word.WITHIN)
    const { before, after } = this.OR([
      {
        ALT: () => {
          const one = this.SUBRULE(this.duration)
          return { before: one, after: one }
        },
      },
      {
        ALT: () => {
          this.CONSUME(kinds.open)
          const before = this.SUBRULE1(this.duration)
          this.CONSUME(kinds.comma)
          const after = this.SUBRULE2(this.duration)
          this.CONSUME(kinds.close)
          return { before, after }
        },
      },
    ])
    const span = this.span(start)
    const grace = this.OPTION({
      GATE: () => this.upper(1) === 'GRACE',
      DEF: () => {
        this.CONSUME(identifier)
        this.ACTION(() => this.expectWord('PERIOD'))
        this.CONSUME1(identifier)
        return this.SUBRULE3(this.duration)
      },
    })
    return { before, after, grace: grace ?? null, span }
  })

  /** 5 MINUTES. */
  duration = this.RULE('duration', (): Duration => {
    const start = this.start()
    const number = this.CONSUME(kinds.number) as Token
    this.ACTION(() => {
      if (!units.has(this.upper(1))) this.unexpected('a unit of time')
    })
    const unit = units.get((this.CONSUME(identifier) as Token).upper) as Unit
    return { count: number.value, unit, span: this.span(start) }
  })
}
