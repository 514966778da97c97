/**
 * Subscribe rules: SUBSCRIBE and what stands behind it, in any order.
 */
import { EOF } from 'chevrotain'
import { nearest } from '../distance.ts'
import type { Token } from '../scanner.ts'
import type { Emit, Envelope, Moment, OrderItem, Relation, Statement } from '../tree.ts'
import { identifier, kinds, word } from '../words.ts'
import { WatchRules } from './watch.ts'

type Subscribe = Statement & { kind: 'subscribe' }
type Options = Pick<Subscribe, 'snapshot' | 'metadata'>

/** In the order of their columns. */
const metadataNames = ['_cycle', '_ts', '_op', '_diff', '_progress'] as const

const optionNames = ['SNAPSHOT', 'PROGRESS', ...metadataNames]

/** The clauses, by their first words. */
const clauseOf: Record<string, string> = {
  EMIT: 'EMIT',
  ENVELOPE: 'ENVELOPE',
  WITHIN: 'WITHIN TIMESTAMP',
  WITH: 'WITH',
  AS: 'AS OF',
  UP: 'UP TO',
}

export abstract class SubscribeRules extends WatchRules {
  /**
   * SUBSCRIBE [TO] name | (query), and behind it, each once and in any order: EMIT …, ENVELOPE UPSERT | DEBEZIUM
   * [(KEY (columns))], WITHIN TIMESTAMP ORDER BY …, WITH (options), AS OF moment, UP TO moment.
   */
  subscribe = this.RULE('subscribe', (): Statement => {
    const start = this.start()
    let options: Options = { snapshot: true, metadata: [] }
    let emit: Emit | null = null
    let envelope: Envelope | null = null
    let order: OrderItem[] = []
    let asOf: Moment | null = null
    let upTo: Moment | null = null
    const seen = new Set<string>()
    this.CONSUME(word.SUBSCRIBE)
    this.OPTION({
      GATE: () => this.LA(2).tokenType !== EOF && this.upper(2) !== '.',
      DEF: () => this.CONSUME(word.TO),
    })
    const relation = this.SUBRULE(this.subscribed)
    this.MANY({
      GATE: () => this.#clauseAhead(),
      DEF: () => {
        this.ACTION(() => {
          const clause = clauseOf[this.upper(1)]!
          if (seen.has(clause)) this.mistaken(`${clause} stands here twice`, this.LA(1))
          seen.add(clause)
        })
        this.OR([
          {
            ALT: () => {
              emit = this.SUBRULE(this.emit)
            },
          },
          {
            ALT: () => {
              envelope = this.SUBRULE(this.envelope)
            },
          },
          {
            ALT: () => {
              this.CONSUME(word.WITHIN)
              this.ACTION(() => this.expectWord('TIMESTAMP'))
              this.CONSUME(identifier)
              order = this.SUBRULE(this.orderBy)
            },
          },
          {
            ALT: () => {
              options = this.SUBRULE(this.subscribeOptions)
            },
          },
          {
            ALT: () => {
              const at = this.start()
              this.CONSUME(word.AS)
              this.CONSUME(word.OF)
              this.ACTION(() => {
                const isLeast = this.upper(1) === 'AT' && this.upper(2) === 'LEAST'
                if (isLeast) this.unsupported('AS OF AT LEAST', at)
              })
              asOf = this.SUBRULE(this.moment)
            },
          },
          {
            ALT: () => {
              this.CONSUME(word.UP)
              this.CONSUME1(word.TO)
              upTo = this.SUBRULE1(this.moment)
            },
          },
        ])
      },
    })
    const clauses = { emit, envelope, order, asOf, upTo }
    return { kind: 'subscribe', relation, ...options, ...clauses, span: this.span(start) }
  })

  #clauseAhead(): boolean {
    const clause = clauseOf[this.upper(1)]
    return clause !== 'WITH' || this.LA(2).tokenType === kinds.open
  }

  subscribed = this.RULE('subscribed', (): Relation => {
    const at = this.start()
    return this.OR([
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
  })

  /** ENVELOPE UPSERT | DEBEZIUM [(KEY (columns))]. */
  envelope = this.RULE('envelope', (): Envelope => {
    const start = this.start()
    this.CONSUME(word.ENVELOPE)
    const token = this.CONSUME(identifier) as Token
    this.ACTION(() => {
      if (!/^(UPSERT|DEBEZIUM)$/.test(token.upper)) {
        const hint =
          'ENVELOPE UPSERT and ENVELOPE DEBEZIUM are known; WITH (_diff) shows +1 and -1 beside each row'
        this.mistaken(`there is no envelope ${token.image}`, token, { hint })
      }
    })
    const form = token.upper === 'UPSERT' ? 'upsert' : 'debezium'
    const key = this.OPTION(() => {
      this.CONSUME(kinds.open)
      this.CONSUME(word.KEY)
      const names = this.SUBRULE(this.names)
      this.CONSUME(kinds.close)
      return names
    })
    return { kind: 'envelope', form, key: key ?? [], span: this.span(start) }
  })

  /** (SNAPSHOT [= boolean], PROGRESS [= boolean], _cycle, _ts, _op, _diff) */
  subscribeOptions = this.RULE('subscribeOptions', (): Options => {
    const given = new Map<string, boolean>()
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
        this.ACTION(() => given.set(this.#optionOf(token, given), value ?? true))
      },
    })
    this.CONSUME(kinds.close)
    const metadata = metadataNames.filter((name) => given.get(name) === true)
    return { snapshot: given.get('snapshot') ?? true, metadata }
  })

  /** The option that a word names, which has not been given yet. */
  #optionOf(token: Token, given: ReadonlyMap<string, boolean>): string {
    const wanted = token.value.toLowerCase()
    const found = optionNames.find((option) => option.toLowerCase() === wanted)
    if (found === undefined) {
      const near = nearest(wanted, optionNames)
      const hint =
        near === undefined ? `it takes ${optionNames.join(', ')}` : `did you mean ${near}?`
      this.mistaken(`SUBSCRIBE has no option ${token.image}`, token, { hint })
    }
    const name = found === 'PROGRESS' ? '_progress' : wanted
    if (given.has(name)) this.mistaken(`option ${token.image} stands here twice`, token)
    return name
  }
}
