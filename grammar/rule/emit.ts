/**
 * Emit rules: when the results of a continuous query leave it.
 */

import { power } from '../power.ts'
import type { Emit, Expression } from '../tree.ts'
import { word } from '../words.ts'
import { ExpressionRules } from './expression.ts'

type Parts = Omit<Emit, 'kind' | 'span'>

/** An interval, up to the AND behind it. */
const tight = { ARGS: [power.range + 1] as [number] }

export abstract class EmitRules extends ExpressionRules {
  emit = this.RULE('emit', (): Emit => {
    const start = this.start()
    this.CONSUME(word.EMIT)
    const parts = this.OPTION(() => this.SUBRULE(this.emitMode)) ?? { mode: 'changes' as const }
    return { kind: 'emit', ...parts, span: this.span(start) }
  })

  emitMode = this.RULE(
    'emitMode',
    (): Parts =>
      this.OR([
        {
          ALT: (): Parts => {
            this.CONSUME(word.CHANGES)
            return { mode: 'changes', ...this.SUBRULE(this.emitBatch) }
          },
        },
        {
          ALT: (): Parts => {
            this.CONSUME(word.ON)
            return this.OR1([
              {
                ALT: (): Parts => {
                  this.CONSUME(word.UPDATE)
                  return { mode: 'changes', ...this.SUBRULE1(this.emitBatch) }
                },
              },
              { ALT: (): Parts => this.SUBRULE(this.emitClose) },
            ])
          },
        },
        {
          ALT: (): Parts => {
            this.CONSUME(word.AFTER)
            return this.OR2([
              { ALT: (): Parts => this.SUBRULE1(this.emitClose) },
              {
                ALT: (): Parts => {
                  this.CONSUME(word.WATERMARK)
                  return this.SUBRULE(this.emitPanes)
                },
              },
            ])
          },
        },
        {
          ALT: (): Parts => {
            this.CONSUME(word.FINAL)
            return this.SUBRULE1(this.emitPanes)
          },
        },
        {
          ALT: (): Parts => {
            this.OR3([
              { ALT: () => this.CONSUME(word.EVERY) },
              { ALT: () => this.CONSUME(word.PERIODIC) },
            ])
            const every = this.SUBRULE(this.expression, tight)
            const repeats = this.OPTION(() => this.CONSUME(word.REPEAT)) !== undefined
            return { mode: 'changes', every, ...(repeats ? { repeats } : {}) }
          },
        },
      ]),
  )

  /** WITH BATCH i */
  emitBatch = this.RULE('emitBatch', (): Pick<Parts, 'batch'> => {
    const batch = this.OPTION({
      GATE: () => this.upper(2) === 'BATCH',
      DEF: () => {
        this.CONSUME(word.WITH)
        this.CONSUME(word.BATCH)
        return this.SUBRULE(this.expression, tight)
      },
    })
    return batch === undefined ? {} : { batch }
  })

  emitClose = this.RULE('emitClose', (): Parts => {
    this.CONSUME(word.WINDOW)
    this.CONSUME(word.CLOSE)
    return this.SUBRULE(this.emitPanes)
  })

  /** [WITH DELAY i [AND TIMEOUT i]] [EARLY EVERY i] [LATE ON UPDATE FOR i] */
  emitPanes = this.RULE('emitPanes', (): Parts => {
    const panes: Parts = { mode: 'on-window-close' }
    const take = (name: 'delay' | 'timeout' | 'early' | 'late', value: Expression | undefined) => {
      if (value !== undefined) panes[name] = value
    }
    this.OPTION({
      GATE: () => this.upper(2) === 'DELAY',
      DEF: () => {
        this.CONSUME(word.WITH)
        this.CONSUME(word.DELAY)
        take('delay', this.SUBRULE(this.expression, tight))
        this.OPTION1(() => {
          this.CONSUME(word.AND)
          this.CONSUME(word.TIMEOUT)
          take('timeout', this.SUBRULE1(this.expression, tight))
        })
      },
    })
    this.OPTION2(() => {
      this.CONSUME(word.EARLY)
      this.CONSUME1(word.EVERY)
      take('early', this.SUBRULE2(this.expression, tight))
    })
    this.OPTION3(() => {
      this.CONSUME(word.LATE)
      this.CONSUME(word.ON)
      this.CONSUME(word.UPDATE)
      this.CONSUME(word.FOR)
      take('late', this.SUBRULE3(this.expression, tight))
    })
    return panes
  })
}
