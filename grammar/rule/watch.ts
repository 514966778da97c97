/**
 * Watch rules: what is asked of queries that run, and how they are paused.
 */
import { EOF, tokenMatcher } from 'chevrotain'
import type { Token } from '../scanner.ts'
import type { Moment, Path, Statement } from '../tree.ts'
import { identifier, kinds, word } from '../words.ts'
import { ShowRules } from './show.ts'

type Paused = (Statement & { kind: 'pause' })['object']

export abstract class WatchRules extends ShowRules {
  /** VERIFY MATERIALIZED VIEW name [UP TO moment]. */
  verify = this.RULE('verify', (): Statement => {
    const start = this.start()
    this.CONSUME(word.VERIFY)
    this.CONSUME(word.MATERIALIZED)
    this.CONSUME(word.VIEW)
    const name = this.SUBRULE(this.path)
    const upTo = this.OPTION(() => {
      this.CONSUME(word.UP)
      this.CONSUME(word.TO)
      return this.SUBRULE(this.moment)
    })
    return { kind: 'verify', name, upTo: upTo ?? null, span: this.span(start) }
  })

  /** TAP query.operator */
  tap = this.RULE('tap', (): Statement => {
    const start = this.start()
    this.CONSUME(word.TAP)
    const path = this.SUBRULE(this.path)
    const span = this.span(start)
    return this.ACTION(() => {
      const parts = path.parts.slice(0, -1)
      if (parts.length === 0) {
        const hint =
          'TAP query.aggregate, or aggregate_2 where there are several; sys.operators has all'
        this.mistaken('TAP names a query and one of its operators', this.LA(0), { hint })
      }
      const end = parts.at(-1)?.span.end ?? path.span.end
      const name: Path = { ...path, parts, span: { start: path.span.start, end } }
      return { kind: 'tap' as const, name, operator: path.parts.at(-1)!, span }
    })
  })

  /** OFFSET n, a position of the log, or a value that is a time. */
  moment = this.RULE('moment', (): Moment => {
    const start = this.start()
    const isOffset = this.OPTION({
      GATE: () => this.LA(2).tokenType !== EOF,
      DEF: () => this.CONSUME(word.OFFSET),
    })
    const at = this.SUBRULE(this.expression)
    return { kind: 'moment', offset: isOffset !== undefined, at, span: this.span(start) }
  })

  /** PAUSE | RESUME QUERY | MATERIALIZED VIEW | SINK name. */
  pause = this.RULE('pause', (): Statement => {
    const start = this.start()
    const verb = this.OR([
      { ALT: () => this.CONSUME(word.PAUSE) },
      { ALT: () => this.CONSUME(word.RESUME) },
    ])
    const object = this.SUBRULE(this.runningKind)
    const name = this.SUBRULE(this.path)
    const resumes = verb?.tokenType === word.RESUME
    return { kind: 'pause', resumes, object, name, span: this.span(start) }
  })

  /** What a continuous query was made as. */
  runningKind = this.RULE('runningKind', (): Paused => {
    const token = this.OR([
      { ALT: () => this.CONSUME(word.QUERY) },
      { ALT: () => this.CONSUME(word.SINK) },
      { ALT: () => this.CONSUME(word.STREAM) },
      {
        ALT: () => {
          const first = this.CONSUME(word.MATERIALIZED)
          this.CONSUME(word.VIEW)
          return first
        },
      },
    ])
    return this.ACTION(() => {
      const { upper } = token as Token
      return (upper === 'MATERIALIZED' ? 'materialized view' : upper.toLowerCase()) as Paused
    })
  })

  /** [CPU] [, MEMORY] FOR MATERIALIZED VIEW | SINK | STREAM | QUERY name [AS SQL], behind EXPLAIN ANALYZE. */
  explainRunning = this.RULE('explainRunning', (start: number): Statement => {
    const measures: ('cpu' | 'memory')[] = []
    this.OPTION({
      GATE: () => this.upper(1) !== 'FOR' && this.upper(1) !== 'MATERIALIZED',
      DEF: () =>
        this.AT_LEAST_ONE_SEP({
          SEP: kinds.comma,
          DEF: () => {
            const token = this.OR([
              { ALT: () => this.CONSUME(word.CPU) },
              { ALT: () => this.CONSUME(word.MEMORY) },
            ])
            this.ACTION(() => measures.push((token as Token).upper === 'CPU' ? 'cpu' : 'memory'))
          },
        }),
    })
    this.OPTION1(() => this.CONSUME(word.FOR))
    this.SUBRULE(this.runningKind)
    const name = this.SUBRULE(this.path)
    this.ACTION(() => {
      if (this.upper(2) === 'DURATION_SECS') this.unsupported('EXPLAIN … (DURATION_SECS)')
    })
    const asSql = this.OPTION2({
      GATE: () => this.upper(2) === 'SQL',
      DEF: () => {
        this.ACTION(() => {
          if (measures.length === 0)
            this.unsupported('EXPLAIN ANALYZE … AS SQL without CPU or MEMORY')
        })
        this.CONSUME(word.AS)
        return this.CONSUME(identifier)
      },
    })
    const span = this.span(start)
    if (measures.length === 0) return { kind: 'explain-running', what: 'work', name, span }
    return { kind: 'explain-use', measures, asSql: asSql !== undefined, name, span }
  })

  protected runningAhead(): boolean {
    return /^(FOR|MATERIALIZED|CPU|MEMORY)$/.test(this.upper(1))
  }

  /** STATE [FOR] [MATERIALIZED VIEW | SINK | STREAM | QUERY] name, behind EXPLAIN. */
  explainState = this.RULE('explainState', (): Path => {
    this.CONSUME(word.STATE)
    this.OPTION({
      GATE: () => this.#kindAhead(2),
      DEF: () => this.CONSUME(word.FOR),
    })
    this.OPTION1({
      GATE: () => this.#kindAhead(1),
      DEF: () => this.SUBRULE(this.runningKind),
    })
    return this.SUBRULE(this.path)
  })

  /** WHY NO OUTPUT FOR [MATERIALIZED VIEW | SINK | STREAM | QUERY] name, behind EXPLAIN. */
  explainWhy = this.RULE('explainWhy', (): Path => {
    this.CONSUME(word.WHY)
    this.CONSUME(word.NO)
    this.CONSUME(word.OUTPUT)
    this.CONSUME(word.FOR)
    this.OPTION({
      GATE: () => this.#kindAhead(1),
      DEF: () => this.SUBRULE(this.runningKind),
    })
    return this.SUBRULE(this.path)
  })

  /** Is a kind of query named there, and a name behind it? */
  #kindAhead(distance: number): boolean {
    if (this.RECORDING_PHASE) return false
    const { tokenType } = this.LA(distance)
    if (tokenType === word.MATERIALIZED) return this.LA(distance + 1).tokenType === word.VIEW
    const isKind = [word.QUERY, word.SINK, word.STREAM].includes(tokenType)
    return isKind && this.LA(distance + 1).tokenType !== EOF && this.upper(distance + 1) !== '.'
  }

  /** Is it the state of a query with a name that is asked for, and not that of a text? */
  protected namedStateAhead(): boolean {
    if (this.RECORDING_PHASE || this.LA(1).tokenType !== word.STATE) return false
    if (this.upper(2) === 'FOR' || this.#kindAhead(2)) return true
    let last = 2
    while (this.LA(last + 1).tokenType === kinds.dot) last += 2
    return tokenMatcher(this.LA(2), identifier) && this.LA(last + 1).tokenType === EOF
  }
}
