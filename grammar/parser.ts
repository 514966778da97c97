/**
 * Parser: the grammar of the dialect as chevrotain rules that build the tree as they go.
 *
 * How      One rule per construct, LL(1); where one token does not decide, the scanner has retyped it or a GATE
 *          looks further. The rules stand in rule/, one file per part of the dialect; each class knows the rules of
 *          those below it, and those of the ones above by declaration alone:
 *            leaf ← literal ← call ← expression ← query ← relation ← constraint ← definition ← function ←
 *            change ← show ← watch ← statement
 *          The first fault ends a statement: chevrotain's own repair is off, because statements are parsed one by one
 *          (parse.ts) and a guess inside a statement would be reported beside the fault that caused it.
 * Contract 1 (checked) every node's span runs from its first token's start to its last token's end.
 *          2 (checked) chevrotain's validation of the grammar finds nothing; it runs in a test, not at start-up.
 * Cost     About 60,000 statements of 130 characters a second; made in about 10 ms.
 */
import { expectation } from './expectation.ts'
import { lazyLookahead } from './lookahead.ts'
import { StatementRules } from './rule/statement.ts'
import type { Token } from './scanner.ts'
import type { Option, Statement } from './tree.ts'
import { vocabulary } from './words.ts'

const maxLookahead = 1

export class Parser extends StatementRules {
  constructor(options: { validate: boolean }) {
    super(vocabulary, {
      maxLookahead,
      lookaheadStrategy: lazyLookahead(maxLookahead),
      recoveryEnabled: false,
      skipValidations: !options.validate,
      errorMessageProvider: expectation,
    })
    this.performSelfAnalysis()
  }

  /** Parses the tokens of one statement; faults are in `errors` or thrown as Refusal. */
  parseStatement(tokens: Token[]): Statement {
    this.begin()
    this.input = tokens
    return this.statement()
  }

  /** Parses the tokens of options in parentheses. */
  parseOptions(tokens: Token[]): Option[] {
    this.begin()
    this.input = tokens
    return this.pairs()
  }
}

let made: Parser | undefined

/** The parser; made at the first call. */
export function sharedParser(): Parser {
  made ??= new Parser({ validate: false })
  return made
}
