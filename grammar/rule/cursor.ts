/**
 * Cursor rules: cursors, which give rows when they are asked for, and COPY of a subscription.
 */
import { EOF } from 'chevrotain'
import type { Token } from '../scanner.ts'
import type { Statement, SubscriptionReading } from '../tree.ts'
import { identifier, kinds, word } from '../words.ts'
import { SubscribeRules } from './subscribe.ts'

type Declared = (Statement & { kind: 'declare' })['of']
type Since = SubscriptionReading['since']

/** What may stand behind the name of a subscription. */
const readingNext = /^(\.|FULL|SINCE)$/

/** Moments that are called as functions. */
const sinceNow = /^(BEGIN|NOW|PROCTIME)$/

export abstract class CursorRules extends SubscribeRules {
  /** DECLARE name [SUBSCRIPTION] CURSOR FOR SUBSCRIBE … | query | subscription [SINCE … | FULL]. */
  declareCursor = this.RULE('declareCursor', (): Statement => {
    const start = this.start()
    this.CONSUME(word.DECLARE)
    const name = this.identifierOf(this.CONSUME(identifier))
    this.OPTION(() => this.CONSUME(word.SUBSCRIPTION))
    this.CONSUME(word.CURSOR)
    this.CONSUME(word.FOR)
    const at = this.start()
    const of = this.OR({
      DEF: [
        {
          GATE: () => this.LA(2).tokenType === EOF || readingNext.test(this.upper(2)),
          ALT: (): Declared => this.SUBRULE(this.subscriptionReading),
        },
        { ALT: (): Declared => this.SUBRULE(this.subscribe) },
        {
          ALT: (): Declared => {
            const query = this.SUBRULE(this.query)
            return { kind: 'query-statement', query, span: this.span(at) }
          },
        },
      ],
      IGNORE_AMBIGUITIES: true,
    })
    return { kind: 'declare', name, of, span: this.span(start) }
  })

  /** name [FULL | SINCE now() | begin() | moment]; without a word what comes from now on. */
  subscriptionReading = this.RULE('subscriptionReading', (): SubscriptionReading => {
    const start = this.start()
    const subscription = this.SUBRULE(this.path)
    const since = this.OPTION(() => this.SUBRULE(this.since)) ?? 'now'
    return { kind: 'subscription-reading', subscription, since, span: this.span(start) }
  })

  since = this.RULE(
    'since',
    (): Since =>
      this.OR([
        {
          ALT: (): Since => {
            this.CONSUME(word.FULL)
            return 'full'
          },
        },
        {
          GATE: () => sinceNow.test(this.upper(2)) && this.upper(3) === '(',
          ALT: (): Since => {
            this.CONSUME(word.SINCE)
            const { upper } = this.CONSUME(identifier) as Token
            this.CONSUME(kinds.open)
            this.CONSUME(kinds.close)
            return upper === 'BEGIN' ? 'begin' : 'now'
          },
        },
        {
          ALT: (): Since => {
            this.CONSUME1(word.SINCE)
            return this.SUBRULE(this.moment)
          },
        },
      ]),
  )

  /** ACKNOWLEDGE name UP TO moment. */
  acknowledge = this.RULE('acknowledge', (): Statement => {
    const start = this.start()
    this.CONSUME(word.ACKNOWLEDGE)
    const name = this.SUBRULE(this.path)
    this.CONSUME(word.UP)
    this.CONSUME(word.TO)
    const upTo = this.SUBRULE(this.moment)
    return { kind: 'acknowledge', name, upTo, span: this.span(start) }
  })

  /** FETCH [NEXT | n | ALL] [FROM | IN] name [WITH (timeout = '1s')]. */
  fetch = this.RULE('fetch', (): Statement => {
    const start = this.start()
    this.CONSUME(word.FETCH)
    const count =
      this.OPTION({
        GATE: () => this.upper(1) !== 'NEXT' || /^(FROM|IN)$/.test(this.upper(2)),
        DEF: () => this.SUBRULE(this.fetchCount),
      }) ?? 1
    this.OPTION1(() => {
      this.OR([{ ALT: () => this.CONSUME(word.FROM) }, { ALT: () => this.CONSUME(word.IN) }])
    })
    const cursor = this.identifierOf(this.CONSUME(identifier))
    const options =
      this.OPTION2(() => {
        this.CONSUME(word.WITH)
        return this.SUBRULE(this.pairs)
      }) ?? []
    const rows = count === 'all' ? null : count
    return { kind: 'fetch', cursor, count: rows, options, span: this.span(start) }
  })

  fetchCount = this.RULE('fetchCount', (): number | 'all' =>
    this.OR([
      {
        ALT: () => {
          this.CONSUME(word.NEXT)
          return 1
        },
      },
      { ALT: () => this.SUBRULE(this.integer) },
      {
        ALT: () => {
          this.CONSUME(word.ALL)
          return 'all' as const
        },
      },
    ]),
  )

  /** CLOSE name | ALL. */
  closeCursor = this.RULE('closeCursor', (): Statement => {
    const start = this.start()
    this.CONSUME(word.CLOSE)
    const cursor = this.OR([
      {
        ALT: () => {
          this.CONSUME(word.ALL)
          return null
        },
      },
      { ALT: () => this.identifierOf(this.CONSUME(identifier)) },
    ])
    return { kind: 'close', cursor, span: this.span(start) }
  })

  /** COPY (SUBSCRIBE …) TO STDOUT: SUBSCRIBE itself. */
  copySubscription = this.RULE('copySubscription', (): Statement => {
    const start = this.start()
    this.CONSUME(word.COPY)
    this.CONSUME(kinds.open)
    const of = this.SUBRULE(this.subscribe)
    this.CONSUME(kinds.close)
    this.CONSUME(word.TO)
    this.OR([
      { ALT: () => this.CONSUME(word.STDOUT) },
      {
        ALT: () => {
          const token = this.CONSUME(kinds.string) as Token
          this.ACTION(() => {
            const hint = "CREATE SINK … WITH (connector = 'filesystem', …) writes files on and on"
            this.mistaken('COPY (SUBSCRIBE …) goes to STDOUT alone', token, { hint })
          })
        },
      },
    ])
    return { ...of, span: this.span(start) } as Statement
  })
}
