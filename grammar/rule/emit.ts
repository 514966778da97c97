/**
 * Emit rules: when the results of a continuous query leave it.
 */

import { power } from '../power.ts'
import type { Emit, Expression } from '../tree.ts'
import { word } from '../words.ts'
import { ExpressionRules } from './expression.ts'

type Mode = Pick<Emit, 'mode' | 'every'>

type When = Omit<Emit, 'kind' | 'span' | keyof Mode>

/** An interval, up to the AND behind it. */
const tight = { ARGS: [power.range + 1] as [number] }

export abstract class EmitRules extends ExpressionRules {
  emit = this.RULE('emit', (): Emit => {
    const start = this.start()
    this.CONSUME(word.EMIT)
    const mode = this.OPTION(() => this.SUBRULE(this.emitMode)) ?? { mode: 'changes' as const }
    const parts = this.SUBRULE(this.emitWhen)
    return { kind: 'emit', ...mode, ...parts, span: this.span(start) }
  })

  emitMode = this.RULE(
    'emitMode',
    (): Mode =>
      this.OR([
        {
          ALT: (): Mode => {
            this.CONSUME(word.CHANGES)
            return { mode: 'changes' }
          },
        },
        {
          ALT: (): Mode => {
            this.CONSUME(word.ON)
            return this.OR1([
              {
                ALT: (): Mode => {
                  this.CONSUME(word.UPDATE)
                  return { mode: 'changes' }
                },
              },
              { ALT: (): Mode => this.SUBRULE(this.emitClose) },
            ])
          },
        },
        {
          ALT: (): Mode => {
            this.CONSUME(word.AFTER)
            return this.OR2([
              { ALT: (): Mode => this.SUBRULE1(this.emitClose) },
              {
                ALT: (): Mode => {
                  this.CONSUME(word.WATERMARK)
                  return { mode: 'on-window-close' }
                },
              },
            ])
          },
        },
        {
          ALT: (): Mode => {
            this.CONSUME(word.FINAL)
            return { mode: 'on-window-close' }
          },
        },
        {
          ALT: (): Mode => {
            this.OR3([
              { ALT: () => this.CONSUME(word.EVERY) },
              { ALT: () => this.CONSUME(word.PERIODIC) },
            ])
            return { mode: 'changes', every: this.SUBRULE(this.expression, tight) }
          },
        },
      ]),
  )

  emitClose = this.RULE('emitClose', (): Mode => {
    this.CONSUME(word.WINDOW)
    this.CONSUME(word.CLOSE)
    return { mode: 'on-window-close' }
  })

  /**
   * [REPEAT] [WITH BATCH i] [WITH DELAY i [AND TIMEOUT i]] [EARLY EVERY i] [LATE ON UPDATE FOR i]; which of them a mode
   * has is the planner's to say.
   */
  emitWhen = this.RULE('emitWhen', (): When => {
    const when: When = {}
    const take = (name: keyof Omit<When, 'repeats'>, value: Expression | undefined) => {
      if (value !== undefined) when[name] = value
    }
    this.OPTION(() => {
      this.CONSUME(word.REPEAT)
      when.repeats = true
    })
    this.OPTION1({
      GATE: () => this.upper(2) === 'BATCH',
      DEF: () => {
        this.CONSUME(word.WITH)
        this.CONSUME(word.BATCH)
        take('batch', this.SUBRULE(this.expression, tight))
      },
    })
    this.OPTION2({
      GATE: () => this.upper(2) === 'DELAY',
      DEF: () => {
        this.CONSUME1(word.WITH)
        this.CONSUME(word.DELAY)
        take('delay', this.SUBRULE1(this.expression, tight))
        this.OPTION3(() => {
          this.CONSUME(word.AND)
          this.CONSUME(word.TIMEOUT)
          take('timeout', this.SUBRULE2(this.expression, tight))
        })
      },
    })
    this.OPTION4(() => {
      this.CONSUME(word.EARLY)
      this.CONSUME(word.EVERY)
      take('early', this.SUBRULE3(this.expression, tight))
    })
    this.OPTION5(() => {
      this.CONSUME(word.LATE)
      this.CONSUME(word.ON)
      this.CONSUME(word.UPDATE)
      this.CONSUME(word.FOR)
      take('late', this.SUBRULE4(this.expression, tight))
    })
    return when
  })
}
