/**
 * Group rules: the keys of GROUP BY, alone and in grouping sets.
 */
import type { ParserMethod } from 'chevrotain'
import type { Token } from '../scanner.ts'
import type { Expression, GroupingSets, GroupKey } from '../tree.ts'
import { kinds, word } from '../words.ts'
import { EmitRules } from './emit.ts'

export abstract class GroupRules extends EmitRules {
  /** ALL, or keys. */
  groups = this.RULE('groups', (): GroupKey[] =>
    this.OR([
      { ALT: () => [this.SUBRULE(this.every)] },
      { ALT: () => this.SUBRULE(this.groupKeys) },
    ]),
  )

  /** ALL, as a star. */
  every = this.RULE('every', (): Expression => {
    const start = this.start()
    this.CONSUME(word.ALL)
    return { kind: 'star', qualifier: [], span: this.span(start) }
  })

  groupKeys: ParserMethod<[], GroupKey[]> = this.RULE('groupKeys', (): GroupKey[] => {
    const keys: GroupKey[] = []
    this.AT_LEAST_ONE_SEP({
      SEP: kinds.comma,
      DEF: () => {
        keys.push(this.SUBRULE(this.groupKey))
      },
    })
    return keys
  })

  /** An expression, (), ROLLUP (…), CUBE (…) or GROUPING SETS (…). */
  groupKey = this.RULE('groupKey', (): GroupKey => {
    const start = this.start()
    return this.OR({
      DEF: [
        {
          GATE: () =>
            this.LA(2).tokenType ===
            (this.LA(1).tokenType === word.GROUPING ? word.SETS : kinds.open),
          ALT: (): GroupKey => this.SUBRULE(this.groupingSets),
        },
        {
          GATE: () => this.LA(2).tokenType === kinds.close,
          ALT: (): GroupKey => {
            this.CONSUME(kinds.open)
            this.CONSUME(kinds.close)
            return { kind: 'row', items: [], span: this.span(start) }
          },
        },
        { ALT: (): GroupKey => this.SUBRULE(this.expression) },
      ],
      IGNORE_AMBIGUITIES: true,
    })
  })

  groupingSets = this.RULE('groupingSets', (): GroupingSets => {
    const start = this.start()
    const first = this.OR([
      { ALT: () => this.CONSUME(word.ROLLUP) },
      { ALT: () => this.CONSUME(word.CUBE) },
      {
        ALT: () => {
          this.CONSUME(word.GROUPING)
          return this.CONSUME(word.SETS)
        },
      },
    ]) as Token
    this.CONSUME(kinds.open)
    const items = this.SUBRULE(this.groupKeys)
    this.CONSUME(kinds.close)
    const form = first?.tokenType === word.SETS ? 'GROUPING SETS' : first?.upper
    return {
      kind: 'grouping-sets',
      form: form as GroupingSets['form'],
      items,
      span: this.span(start),
    }
  })
}
