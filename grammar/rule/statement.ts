/**
 * Statement rules: which statement it is, and those that define nothing.
 */
import type { ParserMethod } from 'chevrotain'
import { unsupported } from '../constructs.ts'
import type { Token } from '../scanner.ts'
import type { Statement } from '../tree.ts'
import { identifier, kinds, word } from '../words.ts'
import { CursorRules } from './cursor.ts'
import { Refusal } from './leaf.ts'

type Explaining = Pick<
  Statement & { kind: 'explain' },
  'analyze' | 'steps' | 'format' | 'type' | 'details'
>

const plainly = { analyze: false, steps: false, format: 'text', type: 'physical' } as const

const detailNames = {
  VERBOSE: 'verbose',
  COST: 'cost',
  ESTIMATED_COST: 'cost',
  CHANGELOG_MODE: 'changelog',
  PLAN_ADVICE: 'advice',
  JSON_EXECUTION_PLAN: 'json',
} as const

export abstract class StatementRules extends CursorRules {
  statement: ParserMethod<[], Statement> = this.RULE('statement', (): Statement => {
    const start = this.start()
    this.refuse('statement')
    return this.OR([
      {
        ALT: (): Statement => {
          const query = this.SUBRULE(this.query)
          return { kind: 'query-statement', query, span: this.span(start) }
        },
      },
      { ALT: () => this.SUBRULE(this.create) },
      { ALT: () => this.SUBRULE(this.drop) },
      { ALT: () => this.SUBRULE(this.alter) },
      { ALT: () => this.SUBRULE(this.insert) },
      {
        GATE: () => this.upper(2) === '(' && this.upper(3) === 'SUBSCRIBE',
        ALT: () => this.SUBRULE(this.copySubscription),
      },
      { ALT: () => this.SUBRULE(this.copy) },
      { ALT: () => this.SUBRULE(this.update) },
      { ALT: () => this.SUBRULE(this.delete) },
      { ALT: () => this.SUBRULE(this.merge) },
      { ALT: () => this.SUBRULE(this.truncate) },
      { ALT: () => this.SUBRULE(this.transaction) },
      { ALT: () => this.SUBRULE(this.subscribe) },
      { ALT: () => this.SUBRULE(this.declareCursor) },
      { ALT: () => this.SUBRULE(this.fetch) },
      { ALT: () => this.SUBRULE(this.closeCursor) },
      { ALT: () => this.SUBRULE(this.acknowledge) },
      { ALT: () => this.SUBRULE(this.explain) },
      { ALT: () => this.SUBRULE(this.set) },
      { ALT: () => this.SUBRULE(this.use) },
      { ALT: () => this.SUBRULE(this.resetSetting) },
      { ALT: () => this.SUBRULE(this.show) },
      { ALT: () => this.SUBRULE(this.describe) },
      { ALT: () => this.SUBRULE(this.verify) },
      { ALT: () => this.SUBRULE(this.tap) },
      { ALT: () => this.SUBRULE(this.pause) },
      {
        ALT: (): Statement => {
          this.CONSUME(word.FLUSH)
          return { kind: 'flush', span: this.span(start) }
        },
      },
    ])
  })

  /**
   * EXPLAIN [ANALYZE] [STEPS] [STATE] [details | (options)] [PLAN FOR] statement; ANALYZE FOR, STATE, WHY NO OUTPUT FOR
   * a running query; ROW name WHERE condition.
   */
  explain = this.RULE('explain', (): Statement => {
    const start = this.start()
    const how: Explaining = { ...plainly, details: [] }
    this.CONSUME(word.EXPLAIN)
    this.OPTION(() => {
      this.CONSUME(word.ANALYZE)
      how.analyze = true
    })
    return this.OR({
      DEF: [
        {
          GATE: () => how.analyze && this.runningAhead(),
          ALT: () => this.SUBRULE(this.explainRunning, { ARGS: [start] }),
        },
        {
          GATE: () => !how.analyze && this.namedStateAhead(),
          ALT: (): Statement => {
            const name = this.SUBRULE(this.explainState)
            return { kind: 'explain-running', what: 'state', name, span: this.span(start) }
          },
        },
        {
          GATE: () => !how.analyze,
          ALT: (): Statement => {
            const name = this.SUBRULE(this.explainWhy)
            return { kind: 'explain-running', what: 'silence', name, span: this.span(start) }
          },
        },
        {
          GATE: () => !how.analyze,
          ALT: (): Statement => {
            this.CONSUME(word.ROW)
            const name = this.SUBRULE(this.path)
            this.CONSUME(word.WHERE)
            const where = this.SUBRULE(this.expression)
            return { kind: 'explain-row', name, where, span: this.span(start) }
          },
        },
        {
          ALT: (): Statement => {
            this.OPTION1(() => {
              this.CONSUME(word.STEPS)
              how.steps = true
            })
            this.OPTION5(() => {
              this.CONSUME(word.STATE)
              how.details.push('state')
            })
            this.OPTION2({
              GATE: () => !this.queryAhead(1),
              DEF: () => this.SUBRULE(this.explainOptions, { ARGS: [how] }),
            })
            this.OPTION3(() => this.SUBRULE(this.explainDetails, { ARGS: [how] }))
            this.OPTION4(() => {
              this.CONSUME(word.PLAN)
              this.CONSUME(word.FOR)
            })
            this.enter()
            const statement = this.SUBRULE(this.statement)
            this.leave()
            return { kind: 'explain', ...how, statement, span: this.span(start) }
          },
        },
      ],
      IGNORE_AMBIGUITIES: true,
    })
  })

  /** The details that Flink's EXPLAIN takes: ESTIMATED_COST, CHANGELOG_MODE, PLAN_ADVICE, JSON_EXECUTION_PLAN. */
  explainDetails = this.RULE('explainDetails', (how: Explaining): void => {
    this.AT_LEAST_ONE_SEP({
      SEP: kinds.comma,
      DEF: () => {
        const token = this.OR([
          { ALT: () => this.CONSUME(word.ESTIMATED_COST) },
          { ALT: () => this.CONSUME(word.CHANGELOG_MODE) },
          { ALT: () => this.CONSUME(word.PLAN_ADVICE) },
          { ALT: () => this.CONSUME(word.JSON_EXECUTION_PLAN) },
        ])
        this.ACTION(() => {
          how.details.push(detailNames[(token as Token).upper as 'PLAN_ADVICE'])
        })
      },
    })
  })

  /** (FORMAT JSON | TEXT | DOT, TYPE LOGICAL | PHYSICAL | STREAM, VERBOSE, COST, ANALYZE [boolean]) */
  explainOptions = this.RULE('explainOptions', (how: Explaining): void => {
    this.CONSUME(kinds.open)
    this.AT_LEAST_ONE_SEP({
      SEP: kinds.comma,
      DEF: () => {
        this.OR({
          DEF: [
            {
              ALT: () => {
                this.CONSUME(word.FORMAT)
                const format = this.CONSUME(identifier) as Token
                this.ACTION(() => {
                  how.format = this.#choice('FORMAT', format, ['text', 'json', 'dot'])
                })
              },
            },
            {
              ALT: () => {
                this.CONSUME(word.TYPE)
                const type = this.CONSUME1(identifier) as Token
                this.ACTION(() => {
                  how.type = this.#choice('TYPE', type, ['logical', 'physical', 'stream'])
                })
              },
            },
            {
              ALT: () => {
                const option = this.OR1([
                  { ALT: () => this.CONSUME(word.ANALYZE) },
                  { ALT: () => this.CONSUME(word.VERBOSE) },
                  { ALT: () => this.CONSUME(word.COST) },
                  { ALT: () => this.CONSUME(word.CHANGELOG_MODE) },
                ])
                const value = this.OPTION(() => this.SUBRULE(this.truth)) ?? true
                this.ACTION(() => {
                  const { upper } = option as Token
                  if (upper === 'ANALYZE') how.analyze = value
                  else if (value) how.details.push(detailNames[upper as 'COST'])
                })
              },
            },
            {
              ALT: () => {
                this.ACTION(() => this.unsupported(`EXPLAIN (${this.upper(1)})`))
                this.CONSUME2(identifier)
              },
            },
          ],
          IGNORE_AMBIGUITIES: true,
        })
      },
    })
    this.CONSUME(kinds.close)
  })

  #choice<T extends string>(option: string, { upper, start, end }: Token, known: readonly T[]): T {
    const found = known.find((one) => one.toUpperCase() === upper)
    if (found !== undefined) return found
    throw new Refusal(unsupported(`EXPLAIN (${option} ${upper})`, start, end))
  }
}
