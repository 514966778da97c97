/** Table: the result of a benchmark for a person: each figure of Millrace, beside it the peers' with the ratio. */
import { type BenchResult, rounded } from './harness.ts'

export function tableText({ name, machine, cases }: BenchResult): string {
  const peers = [...new Set(cases.flatMap((one) => Object.keys(one.peers)))]
  const states = cases.some(({ state }) => state !== undefined)
  const head = ['case', 'unit', 'millrace', ...(states ? ['state'] : []), ...peers]
  const lines = cases.map((one) => [
    one.case,
    one.unit,
    figure(one.millrace),
    ...(states ? [one.state === undefined ? '' : bytes(one.state)] : []),
    ...peers.map((peer) =>
      one.peers[peer] === undefined ? '' : `${figure(one.peers[peer])} (${one.ratios[peer]} ×)`,
    ),
  ])
  const widths = head.map((text, at) =>
    Math.max(text.length, ...lines.map((line) => line[at]!.length)),
  )
  const row = (cells: string[]) =>
    ` ${cells.map((cell, at) => (at < 2 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!))).join('  ')}`.trimEnd()
  return [`${name}   ${machine}`, '', row(head), ...lines.map(row), ''].join('\n')
}

const bytes = (count: number) => (count < 1000 ? `${count} B` : `${figure(count)}B`)

function figure(value: number): string {
  if (value >= 1e6) return `${rounded(value / 1e6)} M`
  if (value >= 1e3) return `${rounded(value / 1e3)} K`
  return String(rounded(value))
}
