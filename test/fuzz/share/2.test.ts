/** Random cases, share 2 of 4. */
import { fuzzShare } from '../share.ts'

fuzzShare(1, 4)
