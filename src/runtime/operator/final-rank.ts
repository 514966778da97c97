/**
 * FinalRank: ROW_NUMBER, RANK or DENSE_RANK of rows of which a partition comes all at once: that of a closed window.
 *
 * How      What a step brings is gathered on the host, ordered by partition, and told; nothing is kept.
 * Contract 1 (trusted) no row comes for a partition that has been told.
 * Cost     some µs per row.
 * See      rank.ts; docs/laws.md (where a row stands)
 */
import { copiesOf, pushContributions, soundRows } from '../batch.ts'
import { type Contribution, rowKey } from '../changes.ts'
import { type Environment, type Push, type Stage, stageStats } from '../stage.ts'
import { compareKeys, comparison } from './over.ts'
import type { RankPlan } from './rank.ts'

export function finalRankStage(
  plan: RankPlan,
  environment: Environment,
  push: Push,
): Stage & { push: Push } {
  const stats = stageStats(plan.id, 'rank')
  const fields = plan.input.output
  const compare = comparison(plan)
  let come: Contribution[] = []

  /** The rows of one partition that pass, with their numbers. */
  const ranked = (some: readonly Contribution[]): Contribution[] => {
    const rows = copiesOf(some).sort(compare)
    const major = rows.reduce((least, row) => Math.min(least, row.major), Number.POSITIVE_INFINITY)
    let [rank, dense] = [0, 0]
    const out: Contribution[] = []
    for (const [at, { row }] of rows.entries()) {
      if (at === 0 || compareKeys(rows[at - 1]!.row, row, plan) !== 0) {
        rank = at + 1
        dense++
      }
      const number = { row_number: at + 1, rank, dense_rank: dense }[plan.function]
      if (plan.limit !== null && number > plan.limit) break
      const told = plan.numbered ? [...row, BigInt(number)] : row
      out.push({ row: told, weight: 1, major, middle: 0, minor: 0 })
    }
    return out
  }
  const tell = () => {
    if (come.length === 0) return
    const partitions = Map.groupBy(come, ({ row }) => rowKey(row, plan.partition))
    come = []
    const rows = [...partitions.values()].flatMap(ranked)
    stats.rowsOut += rows.length
    pushContributions(environment.fragments[0]!, rows, plan.output, (batch) => push(0, batch))
  }
  return {
    stats,
    push(fragment, input) {
      for (const one of soundRows(environment, fragment, input, fields)) come.push(one)
    },
    stepEnd: tell,
    commit: tell,
  }
}
