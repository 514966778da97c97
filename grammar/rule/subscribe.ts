/**
 * Subscribe rules: SUBSCRIBE and what stands behind it, in any order.
 */
import { EOF } from 'chevrotain'
import { unsupported } from '../constructs.ts'
import type { Token } from '../scanner.ts'
import type { Emit, Envelope, Moment, OrderItem, Relation, Statement } from '../tree.ts'
import { identifier, kinds, word } from '../words.ts'
import { Refusal } from './leaf.ts'
import { WatchRules } from './watch.ts'

type Subscribe = Statement & { kind: 'subscribe' }
type Options = Pick<Subscribe, 'snapshot' | 'metadata'>

/** In the order of their columns. */
const metadataNames = ['_cycle', '_ts', '_op', '_diff', '_progress'] as const

/** The first words of the clauses. */
const clauseOf: Record<string, string> = {
  EMIT: 'emit',
  ENVELOPE: 'envelope',
  WITHIN: 'order',
  WITH: 'options',
  AS: 'as of',
  UP: 'up to',
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
      GATE: () => this.#clauseAhead(seen),
      DEF: () => {
        this.ACTION(() => seen.add(clauseOf[this.upper(1)]!))
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
              this.CONSUME(word.AS)
              this.CONSUME(word.OF)
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

  /** Does a clause begin that has not stood there yet? */
  #clauseAhead(seen: ReadonlySet<string>): boolean {
    if (this.RECORDING_PHASE) return true
    const clause = clauseOf[this.upper(1)]
    if (clause === undefined || seen.has(clause)) return false
    return clause !== 'options' || this.LA(2).tokenType === kinds.open
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
    let snapshot = true
    const asked = new Set<string>()
    this.CONSUME(word.WITH)
    this.CONSUME(kinds.open)
    this.AT_LEAST_ONE_SEP({
      SEP: kinds.comma,
      DEF: () => {
        const token = this.CONSUME(identifier) as Token
        const given = this.OPTION(() => {
          this.CONSUME(kinds.equal)
          return this.SUBRULE(this.truth)
        })
        this.ACTION(() => {
          const value = given ?? true
          const name = token.upper === 'PROGRESS' ? '_progress' : token.value.toLowerCase()
          const isMetadata = metadataNames.some((one) => one === name)
          if (token.upper === 'SNAPSHOT') snapshot = value
          else if (!isMetadata) {
            const construct = `SUBSCRIBE … WITH (${token.value.toUpperCase()})`
            throw new Refusal(unsupported(construct, token.start, token.end))
          } else if (value) asked.add(name)
        })
      },
    })
    this.CONSUME(kinds.close)
    return { snapshot, metadata: metadataNames.filter((one) => asked.has(one)) }
  })
}
