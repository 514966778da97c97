/** Random cases, share 1 of 4. */
import { fuzzShare } from '../share.ts'

fuzzShare(0, 4)
