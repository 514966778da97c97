/**
 * Statement rules: which statement it is, and those that define nothing.
 */
import { EOF, type ParserMethod } from 'chevrotain'
import { unsupported } from '../constructs.ts'
import type { Token } from '../scanner.ts'
import type { Emit, Relation, Statement } from '../tree.ts'
import { identifier, kinds, word } from '../words.ts'
import { Refusal } from './leaf.ts'
import { ShowRules } from './show.ts'

type Explaining = { analyze: boolean; format: 'text' | 'json' }

export abstract class StatementRules extends ShowRules {
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
      { ALT: () => this.SUBRULE(this.insert) },
      { ALT: () => this.SUBRULE(this.copy) },
      { ALT: () => this.SUBRULE(this.update) },
      { ALT: () => this.SUBRULE(this.delete) },
      { ALT: () => this.SUBRULE(this.truncate) },
      { ALT: () => this.SUBRULE(this.transaction) },
      { ALT: () => this.SUBRULE(this.subscribe) },
      { ALT: () => this.SUBRULE(this.explain) },
      { ALT: () => this.SUBRULE(this.set) },
      { ALT: () => this.SUBRULE(this.resetSetting) },
      { ALT: () => this.SUBRULE(this.show) },
      { ALT: () => this.SUBRULE(this.describe) },
      {
        ALT: (): Statement => {
          this.CONSUME(word.FLUSH)
          return { kind: 'flush', span: this.span(start) }
        },
      },
    ])
  })

  /** SUBSCRIBE [TO] name | (query) [WITH (SNAPSHOT [= boolean])] [EMIT …], the last two in either order. */
  subscribe = this.RULE('subscribe', (): Statement => {
    const start = this.start()
    let snapshot = true
    let emit: Emit | null = null
    this.CONSUME(word.SUBSCRIBE)
    this.OPTION({
      GATE: () => this.LA(2).tokenType !== EOF && this.upper(2) !== '.',
      DEF: () => this.CONSUME(word.TO),
    })
    const at = this.start()
    const relation = this.OR([
      {
        ALT: (): Relation => {
          const path = this.SUBRULE(this.path)
          return { kind: 'table', path, alias: null, span: this.span(at) }
        },
      },
      {
        ALT: (): Relation => {
          this.CONSUME(kinds.open)
          const query = this.SUBRULE(this.query)
          this.CONSUME(kinds.close)
          return { kind: 'derived', query, alias: null, columnAliases: [], span: this.span(at) }
        },
      },
    ])
    this.OPTION1(() => {
      emit = this.SUBRULE(this.emit)
    })
    this.OPTION2({
      GATE: () => this.LA(2).tokenType === kinds.open,
      DEF: () => {
        snapshot = this.SUBRULE(this.subscribeOptions)
      },
    })
    this.OPTION3({
      GATE: () => emit === null,
      DEF: () => {
        emit = this.SUBRULE1(this.emit)
      },
    })
    return { kind: 'subscribe', relation, emit, snapshot, span: this.span(start) }
  })

  subscribeOptions = this.RULE('subscribeOptions', (): boolean => {
    let snapshot = true
    this.CONSUME(word.WITH)
    this.CONSUME(kinds.open)
    this.AT_LEAST_ONE_SEP({
      SEP: kinds.comma,
      DEF: () => {
        const token = this.CONSUME(identifier) as Token
        const value = this.OPTION(() => {
          this.CONSUME(kinds.equal)
          return this.SUBRULE(this.truth)
        })
        this.ACTION(() => {
          if (token.upper !== 'SNAPSHOT') {
            const construct = `SUBSCRIBE … WITH (${token.value.toUpperCase()})`
            throw new Refusal(unsupported(construct, token.start, token.end))
          }
          snapshot = value ?? true
        })
      },
    })
    this.CONSUME(kinds.close)
    return snapshot
  })

  explain = this.RULE('explain', (): Statement => {
    const start = this.start()
    const how: Explaining = { analyze: false, format: 'text' }
    this.CONSUME(word.EXPLAIN)
    this.OPTION(() => {
      this.CONSUME(word.ANALYZE)
      how.analyze = true
    })
    this.OPTION1({
      GATE: () => !this.queryAhead(1),
      DEF: () => this.SUBRULE(this.explainOptions, { ARGS: [how] }),
    })
    this.OPTION2(() => {
      this.CONSUME(word.PLAN)
      this.CONSUME(word.FOR)
    })
    this.enter()
    const statement = this.SUBRULE(this.statement)
    this.leave()
    return { kind: 'explain', ...how, statement, span: this.span(start) }
  })

  /** (FORMAT JSON | TEXT, ANALYZE [boolean]) */
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
                  if (format.upper !== 'JSON' && format.upper !== 'TEXT') {
                    const construct = `EXPLAIN (FORMAT ${format.upper})`
                    throw new Refusal(unsupported(construct, format.start, format.end))
                  }
                  how.format = format.upper === 'JSON' ? 'json' : 'text'
                })
              },
            },
            {
              ALT: () => {
                this.CONSUME(word.ANALYZE)
                const value = this.OPTION(() => this.SUBRULE(this.truth))
                this.ACTION(() => {
                  how.analyze = value ?? true
                })
              },
            },
            {
              ALT: () => {
                this.ACTION(() => this.unsupported(`EXPLAIN (${this.upper(1)})`))
                this.CONSUME1(identifier)
              },
            },
          ],
          IGNORE_AMBIGUITIES: true,
        })
      },
    })
    this.CONSUME(kinds.close)
  })
}
