/**
 * Lookahead: the functions that choose between a rule's alternatives, each made when it is asked for the first time.
 *
 * How      Chevrotain makes them all when a parser is made, which takes as long as recording the grammar does; a
 *          statement asks a fifth of them.
 * Contract 1 (checked) the same choices as chevrotain's own strategy: test/grammar parses with it.
 * Cost     One call more per choice.
 */
import { type ILookaheadStrategy, LLkLookaheadStrategy } from 'chevrotain'

type Choice = ReturnType<ILookaheadStrategy['buildLookaheadForAlternation']>

export function lazyLookahead(maxLookahead: number): ILookaheadStrategy {
  const eager = new LLkLookaheadStrategy({ maxLookahead })
  return {
    validate: (options) => eager.validate(options),
    buildLookaheadForAlternation(options) {
      let made: Choice | undefined
      return function (this: unknown, alternatives) {
        made ??= eager.buildLookaheadForAlternation(options)
        return made.call(this, alternatives)
      }
    },
    buildLookaheadForOptional(options) {
      let made: (() => boolean) | undefined
      return function (this: unknown) {
        made ??= eager.buildLookaheadForOptional(options)
        return made.call(this)
      }
    },
  }
}
