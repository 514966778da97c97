/**
 * Print-pattern: patterns of MATCH_RECOGNIZE as text, in parentheses where their parts would be read otherwise.
 */
import { list, name } from './print-name.ts'
import type { Pattern } from './tree.ts'

export function pattern(p: Pattern): string {
  switch (p.kind) {
    case 'pattern-variable':
      return name(p.name)
    case 'pattern-sequence':
      return p.parts
        .map((part) => (part.kind === 'pattern-sequence' ? group(part) : tight(part)))
        .join(' ')
    case 'pattern-choice':
      return p.parts
        .map((part) => (part.kind === 'pattern-choice' ? group(part) : pattern(part)))
        .join(' | ')
    case 'pattern-permute':
      return `PERMUTE(${list(p.parts, pattern)})`
    case 'pattern-exclude':
      return `{- ${pattern(p.part)} -}`
    case 'pattern-anchor':
      return p.at === 'start' ? '^' : '$'
    case 'pattern-repeat': {
      const bare = /^pattern-(variable|permute|exclude)$/.test(p.part.kind)
      return (bare ? pattern(p.part) : group(p.part)) + quantifier(p) + (p.reluctant ? '?' : '')
    }
  }
}

const group = (p: Pattern): string => `(${pattern(p)})`
const tight = (p: Pattern): string => (p.kind === 'pattern-choice' ? group(p) : pattern(p))

function quantifier({ least, most }: { least: number; most: number | null }): string {
  if (most === null) return least === 0 ? '*' : least === 1 ? '+' : `{${least},}`
  if (least === 0 && most === 1) return '?'
  return least === most ? `{${least}}` : `{${least},${most}}`
}
