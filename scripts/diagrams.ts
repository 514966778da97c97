/**
 * Diagrams: railroad diagrams of the grammar, one picture for each file of rules, into docs/grammar/.
 *
 *   npm run docs
 *
 * How      The parser's own productions are laid out: a track is measured first (width, height above and below its
 *          line), then drawn. Round boxes are words and literals of the text, square ones are other rules, and lead to
 *          them. Alternatives stand below each other; what may be left out has a way around it.
 * Contract 1 (checked) the files in docs/grammar are what this writes: test/grammar/diagrams.test.ts.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import {
  Alternation,
  type Alternative,
  type IProduction,
  NonTerminal,
  Option,
  Repetition,
  RepetitionMandatoryWithSeparator,
  RepetitionWithSeparator,
  type Rule,
  Terminal,
  type TokenType,
} from 'chevrotain'
import { labelOf } from '../grammar/expectation.ts'
import { sharedParser } from '../grammar/parser.ts'

const folder = 'docs/grammar'
const source = 'grammar/rule'
const files = readdirSync(source)
  .sort()
  .map((name) => name.replace('.ts', ''))

const letter = 7.8
const boxHeight = 24
const gap = 12
const rowGap = 10
const bend = 10
const margin = 20

/** A piece of track: it enters at the left on its line and leaves at the right on it. */
interface Track {
  width: number
  above: number
  below: number
  draw(x: number, y: number): string
}

const line = (x: number, y: number, to: number) => `<path d="M${x} ${y}H${to}"/>`

/** From a place through a bend to a height, and through another bend on to `to`. */
const curve = (x: number, y: number, first: number[], height: number, then: number[], to: number) =>
  `<path d="M${x} ${y}q${first.join(' ')}V${height}q${then.join(' ')}H${to}"/>`

function box(text: string, look: 'word' | 'rule', href: string | null): Track {
  const width = Math.round(text.length * letter + 20)
  const round = look === 'word' ? ` rx="${boxHeight / 2}"` : ''
  return {
    width,
    above: boxHeight / 2,
    below: boxHeight / 2,
    draw(x, y) {
      const size = `width="${width}" height="${boxHeight}"${round}`
      const rect = `<rect class="${look}" x="${x}" y="${y - boxHeight / 2}" ${size}/>`
      const label = `<text x="${x + width / 2}" y="${y + 4}">${escaped(text)}</text>`
      return href === null ? rect + label : `<a href="${href}">${rect}${label}</a>`
    },
  }
}

const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

const empty: Track = { width: 0, above: 0, below: 0, draw: () => '' }

function sequence(parts: readonly Track[]): Track {
  const there = parts.filter((part) => part !== empty)
  if (there.length === 0) return empty
  const width = there.reduce((sum, part) => sum + part.width, gap * (there.length - 1))
  return {
    width,
    above: Math.max(...there.map((part) => part.above)),
    below: Math.max(...there.map((part) => part.below)),
    draw(x, y) {
      let at = x
      return there
        .map((part, index) => {
          const before = index === 0 ? '' : line(at - gap, y, at)
          const drawn = before + part.draw(at, y)
          at += part.width + gap
          return drawn
        })
        .join('')
    },
  }
}

/** Alternatives below each other; the first one is on the line. */
function choice(parts: readonly Track[]): Track {
  const [first, ...others] = parts as [Track, ...Track[]]
  if (others.length === 0) return first
  const inner = Math.max(...parts.map((part) => part.width))
  const width = inner + 4 * bend
  let down = first.below
  const depths = others.map((part) => {
    const depth = Math.max(down + rowGap + part.above, 2 * bend)
    down = depth + part.below
    return depth
  })
  return {
    width,
    above: first.above,
    below: down,
    draw(x, y) {
      const from = x + 2 * bend
      const end = from + inner
      const out = [line(x, y, from), first.draw(from, y), line(from + first.width, y, x + width)]
      others.forEach((part, index) => {
        const at = y + depths[index]!
        out.push(
          curve(x, y, [bend, 0, bend, bend], at - bend, [0, bend, bend, bend], from),
          part.draw(from, at),
          line(from + part.width, at, end),
          curve(end, at, [bend, 0, bend, -bend], y + bend, [0, -bend, bend, -bend], x + width),
        )
      })
      return out.join('')
    },
  }
}

/** A part with a way back below it, over the separator if there is one. */
function loop(part: Track, separator: Track): Track {
  const inner = Math.max(part.width, separator.width)
  const width = inner + 2 * bend
  const depth = Math.max(part.below + rowGap + separator.above, 2 * bend)
  return {
    width,
    above: part.above,
    below: depth + separator.below,
    draw(x, y) {
      const from = x + bend
      const to = from + inner
      const back = y + depth
      const middle = from + (inner - separator.width) / 2
      return [
        line(x, y, from),
        part.draw(from, y),
        line(from + part.width, y, x + width),
        curve(
          to,
          y,
          [bend, 0, bend, bend],
          back - bend,
          [0, bend, -bend, bend],
          middle + separator.width,
        ),
        separator.draw(middle, back),
        line(middle, back, from),
        curve(from, back, [-bend, 0, -bend, -bend], y + bend, [0, -bend, bend, -bend], from),
      ].join('')
    },
  }
}

type Place = (rule: string) => string

const wordOf = (type: TokenType): Track => box(labelOf(type), 'word', null)

function trackOf(part: IProduction, place: Place): Track {
  const all = (parts: readonly IProduction[]) => sequence(parts.map((one) => trackOf(one, place)))
  if (part instanceof Terminal) return wordOf(part.terminalType)
  if (part instanceof NonTerminal) {
    return box(part.nonTerminalName, 'rule', place(part.nonTerminalName))
  }
  if (part instanceof Alternation) {
    return choice((part.definition as Alternative[]).map(({ definition }) => all(definition)))
  }
  const inner = all((part as Option).definition)
  if (part instanceof Option) return choice([empty, inner])
  const separated =
    part instanceof RepetitionWithSeparator || part instanceof RepetitionMandatoryWithSeparator
  const again = loop(inner, separated ? wordOf(part.separator) : empty)
  const may = part instanceof Repetition || part instanceof RepetitionWithSeparator
  return may ? choice([empty, again]) : again
}

const style = [
  'path{fill:none;stroke:#555;stroke-width:1.5}',
  'rect{stroke:#555;stroke-width:1.5}.word{fill:#e8f2e4}.rule{fill:#e6ecf5}',
  'text{font:13px monospace;text-anchor:middle;fill:#111}.name{font-weight:bold;text-anchor:start}',
].join('')

function picture(rules: readonly Rule[], place: Place): string {
  let height = margin
  let width = 0
  const groups = rules.map(({ name, definition }) => {
    const track = sequence(definition.map((part) => trackOf(part, place)))
    const y = height + margin + track.above + 8
    const end = margin + gap + track.width
    const drawn = [
      `<g id="${name}">`,
      `<text class="name" x="${margin}" y="${height + 8}">${name}</text>`,
      `<path d="M${margin} ${y - 6}v12M${margin} ${y}h${gap}"/>`,
      track.draw(margin + gap, y),
      `<path d="M${end} ${y}h${gap}m0 -6v12"/>`,
      '</g>',
    ].join('')
    height = y + track.below + 2 * margin
    width = Math.max(width, end + gap + margin)
    return drawn
  })
  const size = `width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`
  const head = `<svg xmlns="http://www.w3.org/2000/svg" ${size}><style>${style}</style>`
  const ground = '<rect width="100%" height="100%" style="fill:#fff;stroke:none"/>'
  return `${[head, ground, ...groups, '</svg>'].join('\n')}\n`
}

/** Names of the rules of a file, in its order. */
function namesIn(file: string): string[] {
  const text = readFileSync(`${source}/${file}.ts`, 'utf8')
  return [...text.matchAll(/this\.RULE\(\s*'(\w+)'/g)].map((found) => found[1]!)
}

/** The files of docs/grammar by their paths. */
export function diagrams(): Map<string, string> {
  const rules = sharedParser().getGAstProductions()
  const names = new Map(files.map((file) => [file, namesIn(file)]))
  const place: Place = (rule) => {
    const file = files.find((one) => names.get(one)!.includes(rule))
    return `${file}.svg#${rule}`
  }
  const written = new Map<string, string>()
  const index = [
    '# The grammar',
    '',
    'Railroad diagrams of the parser’s own rules, written by `npm run docs`. Round boxes are words and literals of a',
    'text, square ones are rules. Where the parser looks further than one word the diagrams show more than it takes.',
  ]
  for (const [file, list] of names) {
    const found = list.map((name) => rules[name]!)
    written.set(`${folder}/${file}.svg`, picture(found, place))
    index.push('', `## ${file}`, '', `Rules: ${list.join(', ')}.`, '', `![${file}](${file}.svg)`)
  }
  written.set(`${folder}/README.md`, `${index.join('\n')}\n`)
  return written
}

if (import.meta.main) {
  mkdirSync(folder, { recursive: true })
  for (const [path, text] of diagrams()) writeFileSync(path, text)
}
