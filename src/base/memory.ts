/** Memory: how many bytes the process may use, by its control group or by the machine. */
import { totalmem } from 'node:os'

export function memoryBytes(): number {
  const total = totalmem()
  // 0, or beyond what there is, where the group has no limit.
  const limit = process.constrainedMemory()
  return limit > 0 ? Math.min(limit, total) : total
}
