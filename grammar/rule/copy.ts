/**
 * Copy rules: COPY, which writes rows into a file and reads them from one.
 */
import type { Token } from '../scanner.ts'
import type { Copied, Option, Statement } from '../tree.ts'
import { identifier, kinds, word } from '../words.ts'
import { MergeRules } from './merge.ts'

export abstract class CopyRules extends MergeRules {
  /** COPY table [(columns)] | (query) TO | FROM 'path' | STDOUT | STDIN [[WITH] (option [value], …)]. */
  copy = this.RULE('copy', (): Statement => {
    const start = this.start()
    let into = true
    this.CONSUME(word.COPY)
    const copied = this.SUBRULE(this.copied)
    const file = this.OR([
      {
        ALT: (): string | null => {
          this.CONSUME(word.TO)
          return this.OR1([
            { ALT: (): string | null => (this.CONSUME(kinds.string) as Token).value },
            {
              ALT: (): string | null => {
                this.CONSUME(word.STDOUT)
                return null
              },
            },
          ])
        },
      },
      {
        ALT: (): string | null => {
          this.CONSUME(word.FROM)
          into = false
          return this.OR2([
            { ALT: (): string | null => (this.CONSUME1(kinds.string) as Token).value },
            {
              ALT: (): string | null => {
                this.CONSUME(word.STDIN)
                return null
              },
            },
          ])
        },
      },
    ])
    const options = this.OPTION(() => this.SUBRULE(this.copyOptions)) ?? []
    return { kind: 'copy', copied, into, file, options, span: this.span(start) }
  })

  copied = this.RULE('copied', (): Copied => {
    const start = this.start()
    return this.OR([
      {
        ALT: (): Copied => {
          this.CONSUME(kinds.open)
          const query = this.SUBRULE(this.query)
          this.CONSUME(kinds.close)
          return { kind: 'query-statement', query, span: this.span(start) }
        },
      },
      {
        ALT: (): Copied => {
          const path = this.SUBRULE(this.path)
          const columns = this.OPTION(() => this.SUBRULE(this.names)) ?? []
          return { kind: 'copied-table', path, columns, span: this.span(start) }
        },
      },
    ])
  })

  copyOptions = this.RULE('copyOptions', (): Option[] => {
    const options: Option[] = []
    this.OPTION(() => this.CONSUME(word.WITH))
    this.CONSUME(kinds.open)
    this.AT_LEAST_ONE_SEP({
      SEP: kinds.comma,
      DEF: () => {
        options.push(this.SUBRULE(this.copyOption))
      },
    })
    this.CONSUME(kinds.close)
    return options
  })

  /** `HEADER` is `HEADER true`; several columns stand in parentheses. */
  copyOption = this.RULE('copyOption', (): Option => {
    const start = this.start()
    const key = this.SUBRULE(this.key)
    this.OPTION(() => this.CONSUME(kinds.equal))
    const value = this.OPTION1(() =>
      this.OR([
        { ALT: () => this.SUBRULE(this.setting) },
        {
          ALT: () => {
            const names: string[] = []
            this.CONSUME(kinds.open)
            this.AT_LEAST_ONE_SEP({
              SEP: kinds.comma,
              DEF: () => {
                names.push((this.CONSUME(identifier) as Token).value)
              },
            })
            this.CONSUME(kinds.close)
            return names.join(',')
          },
        },
      ]),
    )
    return { kind: 'option', key, value: value ?? true, span: this.span(start) }
  })
}
